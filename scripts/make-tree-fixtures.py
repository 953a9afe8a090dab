"""Writes test/fixtures/trees: models grown by LightGBM and XGBoost, 1,000 rows, and what the libraries
themselves predict for them, as full-precision doubles.

Needs: pip install lightgbm xgboost numpy (made with 4.7.0, 3.2.0, 2.4.6). Run from the repository root.
The rows hold missing values, zeros, negative zeros, values exactly on thresholds, categories never seen
in training, fractional and negative categories. Model files are the libraries' own, gzipped.
"""
import gzip
import json
import os
import struct

import lightgbm as lgb
import numpy as np
import xgboost as xgb

OUT = "test/fixtures/trees"
FEATURES = ["amount", "balance", "count_1h", "age_days", "ratio", "channel", "country"]
NUMERIC, FEW, MANY = 5, 5, 6  # channel has 4 categories, country 60
draw = np.random.default_rng(20240607)


def rows(count):
    x = draw.normal(size=(count, len(FEATURES)))
    x[:, 0] = np.exp(x[:, 0] * 1.3 + 3)
    x[:, 1] = np.round(x[:, 1] * 2)  # many exact zeros
    x[:, 2] = draw.poisson(1.5, count)
    x[:, FEW] = draw.integers(0, 4, count)
    x[:, MANY] = draw.integers(0, 60, count)
    x[draw.random(x.shape) < 0.15] = np.nan
    return x


def labels(x):
    margin = (np.nan_to_num(x[:, 0], nan=40) > 60) * 1.2 + np.isnan(x[:, 3]) * 0.9
    margin = margin + (np.nan_to_num(x[:, MANY], nan=0) % 7 == 2) * 1.8 + (x[:, FEW] == 3) * 0.7
    margin = margin + np.nan_to_num(x[:, 1]) * 0.4 + np.nan_to_num(x[:, 2]) * 0.3 - 2
    return (margin + draw.logistic(size=len(x)) > 0).astype(int)


train = rows(4000)
target = labels(train)
test = rows(1000)


def on_thresholds(x, thresholds):
    """Puts values exactly on thresholds, and one float beside them, into the first rows."""
    out = x.copy()
    for row, (feature, value) in enumerate(thresholds[:150]):
        near = [value, np.nextafter(value, np.inf), np.nextafter(np.float32(value), np.float32(-np.inf))]
        out[row, feature] = near[row % 3]
    out[150:170, 1] = [0.0, -0.0, 1e-36, -1e-36, 1e-35, 1.1e-35, 5e-324, -5e-324, 1e-46, 1e-30] * 2
    return out


def odd_categories(x, values):
    out = x.copy()
    for row, value in enumerate(values):
        out[200 + row, MANY] = value
        out[220 + row, FEW] = value
    return out


def save(name, suffix, text, x, margin, probability):
    with gzip.GzipFile(f"{OUT}/{name}.{suffix}.gz", "wb", mtime=0) as out:
        out.write(text.encode())
    with gzip.GzipFile(f"{OUT}/{name}.rows.gz", "wb", mtime=0) as out:
        # Little-endian doubles: rows (1000 x 7), then 1000 margins, then 1000 probabilities.
        for block in (x, margin, probability):
            flat = np.asarray(block, dtype=np.float64).ravel()
            out.write(struct.pack(f"<{flat.size}d", *flat))


def lightgbm_model(name, rounds=40, link=True, **extra):
    params = dict(objective="binary", num_leaves=15, learning_rate=0.2, min_data_in_leaf=10,
                  min_data_per_group=5, cat_smooth=2, max_cat_to_onehot=4, verbose=-1, seed=7,
                  deterministic=True, num_threads=1, **extra)
    data = lgb.Dataset(train, label=target, feature_name=FEATURES, categorical_feature=[FEW, MANY],
                       params=params)
    model = lgb.train(params, data, rounds)
    found = []

    def walk(node):
        if "split_feature" in node:
            if node["decision_type"] == "<=":
                found.append((node["split_feature"], node["threshold"]))
            walk(node["left_child"])
            walk(node["right_child"])

    dump = model.dump_model()
    for tree in dump["tree_info"]:
        walk(tree["tree_structure"])
    x = odd_categories(on_thresholds(test, found), [-1, -0.5, 0.9, 2.5, 59.99, 60, 64, 1000, 1e6])
    save(name, "txt", model.model_to_string(), x, model.predict(x, raw_score=True, num_threads=1),
         model.predict(x, num_threads=1))
    if name == "lightgbm-nan":
        with gzip.GzipFile(f"{OUT}/{name}.dump.json.gz", "wb", mtime=0) as out:
            out.write(json.dumps(dump).encode())


def xgboost_model(name, rounds=40, missing=np.nan, categorical=True, **extra):
    params = {"objective": "binary:logistic", "max_depth": 5, "eta": 0.2, "tree_method": "hist",
              "max_cat_to_onehot": 5, "seed": 7, "nthread": 1, **extra}
    types = ["q"] * NUMERIC + (["c", "c"] if categorical else ["q", "q"])

    def matrix(x, label=None):
        return xgb.DMatrix(x, label=label, feature_names=FEATURES, feature_types=types,
                           enable_categorical=categorical, missing=missing, nthread=1)

    model = xgb.train(params, matrix(train, target), rounds)
    text = bytes(model.save_raw("json")).decode()
    found = []
    for tree in json.loads(text)["learner"]["gradient_booster"]["model"]["trees"]:
        for node, left in enumerate(tree["left_children"]):
            if left >= 0 and tree["split_type"][node] == 0:
                found.append((tree["split_indices"][node], float(np.float32(tree["split_conditions"][node]))))
    # XGBoost refuses negative categories when it builds a matrix; fractions and unseen ones pass.
    x = odd_categories(on_thresholds(test, found), [0.9, 2.5, 59.99, 60, 64, 1000, 1e6])
    if not categorical:
        x = odd_categories(x, [-1, -0.5, 0.9])
    save(name, "json", text, x, model.predict(matrix(x), output_margin=True), model.predict(matrix(x)))


os.makedirs(OUT, exist_ok=True)
lightgbm_model("lightgbm-nan")
lightgbm_model("lightgbm-zero", zero_as_missing=True, sigmoid=1.7)
lightgbm_model("lightgbm-none", rounds=20, use_missing=False)
lightgbm_model("lightgbm-forest", rounds=12, boosting="rf", bagging_freq=1, bagging_fraction=0.7)
xgboost_model("xgboost-categorical")
xgboost_model("xgboost-zero", missing=0.0, categorical=False, base_score=0.2)
xgboost_model("xgboost-parallel", rounds=10, num_parallel_tree=3, subsample=0.7)
