/**
 * Solves A x = b for a symmetric positive definite A by Cholesky's factorisation.
 *
 * in: the lower triangle of A, row by row (n x n; the upper one is not read), and b. out: x.
 * fails: RangeError when A is not positive definite; a ridge penalty makes it so.
 */
export function solveSymmetric(matrix: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const lower = Float64Array.from(matrix);
  const at = (row: number, column: number): number => lower[row * n + column] ?? 0;
  for (let row = 0; row < n; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = at(row, column);
      for (let k = 0; k < column; k += 1) sum -= at(row, k) * at(column, k);
      if (row !== column) lower[row * n + column] = sum / at(column, column);
      else if (sum > 0) lower[row * n + row] = Math.sqrt(sum);
      else throw new RangeError(`the matrix is not positive definite in row ${row}`);
    }
  }
  const x = Float64Array.from(right);
  for (let row = 0; row < n; row += 1) {
    let sum = x[row] ?? 0;
    for (let k = 0; k < row; k += 1) sum -= at(row, k) * (x[k] ?? 0);
    x[row] = sum / at(row, row);
  }
  for (let row = n - 1; row >= 0; row -= 1) {
    let sum = x[row] ?? 0;
    for (let k = row + 1; k < n; k += 1) sum -= at(k, row) * (x[k] ?? 0);
    x[row] = sum / at(row, row);
  }
  return x;
}
