"""Writes the *.ours.json vectors: where the spec or a ruling departs from the reference.

Independent of weir's code: only Python's json, hashlib, struct and decimal. Run from this folder.
"""
import hashlib
import json
import struct
from decimal import ROUND_HALF_EVEN, Decimal


def canon(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def sha(text):
    return hashlib.sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()


def recipe(name, payload):
    return sha(canon({"recipe": name, "payload": payload}))


def write(name, why, vectors):
    with open(f"{name}.ours.json", "w") as out:
        json.dump({"meta": {"why": why, "source": "make-ours.py (Python, no weir code)"}, "vectors": vectors}, out, indent=1)
        out.write("\n")


def reference(name):
    with open(f"{name}.json") as text:
        return json.load(text)["vectors"]


# payload_hash: declared doubles are spelled as doubles (ruling 7); all else as the reference.
DOUBLES = {"amount", "lambda_realised"}
rows = []
for vector in reference("payload_hash") + reference("archive_payload_hash"):
    body = json.loads(vector["input_json"])
    engine = body["event_type"] != "t" and body.get("schema_version") == "v1"
    if engine:
        for name in DOUBLES & body["payload"].keys():
            body["payload"][name] = float(body["payload"][name])
    preimage = canon({name: body.get(name) for name in ("event_type", "schema_version", "payload")})
    rows.append({"note": vector["note"], "input_json": vector["input_json"], "preimage": preimage, "payload_hash": sha(preimage)})
ARRIVAL = {
    "seed": 42, "manifest_fingerprint": "c8" * 32, "parameter_hash": "56" * 32, "scenario_id": "baseline_v1",
    "merchant_id": 18444711838460031526, "zone_representation": "Z", "bucket_index": 0, "arrival_seq": 1,
    "ts_utc": "2026-01-01T00:00:00.000000Z", "tzid_primary": "Europe/London",
    "ts_local_primary": "2026-01-01T00:00:00.000000", "is_virtual": False,
}
for note, extra in [
    ("declared double given as integer: 3.0", {"lambda_realised": 3}),
    ("undeclared integer and double keep their spelling", {"x_int": 3, "x_double": 3.0, "x_big": 2**70}),
    ("undeclared nested, null and non-ASCII", {"é": {"b": [1, 2.5, None], "a": "😀"}, "Z": None, "tz_group_id": "g"}),
    ("optional fields null and absent differ", {"site_id": None, "edge_id": 7}),
]:
    payload = {**ARRIVAL, **extra}
    text = canon({"event_type": "arrival_events_5B", "schema_version": "v1", "payload": payload})
    typed = dict(payload)
    if "lambda_realised" in typed:
        typed["lambda_realised"] = float(typed["lambda_realised"])
    preimage = canon({"event_type": "arrival_events_5B", "schema_version": "v1", "payload": typed})
    rows.append({"note": note, "input_json": text, "preimage": preimage, "payload_hash": sha(preimage)})
write("payload_hash", "Typed by schema (ruling 7): amount 12 and 12.0 hash alike, as 12.0.", rows)

# partition_key: flow anchors are keyed by merchant (the narrative).
rows = []
for vector in reference("partition_key"):
    if "flow_anchor" in vector["profile"]:
        payload = json.loads(vector["envelope_json"]).get("payload", {})
        raw = str(payload.get("merchant_id") or payload.get("arrival_seq") or json.loads(vector["envelope_json"])["event_id"])
        rows.append({**vector, "key_precedence": ["payload.merchant_id", "payload.arrival_seq", "event_id"], "raw_key": raw, "partition_key": sha(raw)})
write("partition_key", "Context is merchant-local in the narrative; the reference keys flow anchors by flow.", rows)

# receipt_ids (ruling 16).
rows = []
for at, vector in enumerate(reference("receipt_ids")):
    dedupe = sha(f"platform_20260201T224449Z:traffic_fraud:{vector['event_id']}")
    payload_hash, reason = sha(f"payload {at}"), "PAYLOAD_HASH_MISMATCH"
    rows.append({
        "decision": vector["decision"], "dedupe_key": dedupe, "payload_hash": payload_hash, "reason": reason,
        "receipt_id": sha(f"{vector['decision']}:{dedupe}")[:32],
        "quarantine_id": sha(f"QUARANTINE:{dedupe}:{payload_hash}:{reason}")[:32],
    })
write("receipt_ids", "Scoped by run and class through the dedupe key, so a second run loses nothing (ruling 16).", rows)

# decision_id: offsets are strings; the other ids hang on the decision (ruling 16).
rows = []
for vector in reference("decision_id"):
    given = vector["input"]
    origin, bundle = given["origin_offset"], given["bundle_ref"]
    decision = recipe("df.decision_id.v2", {
        "source_event_id": given["source_event_id"], "platform_run_id": given["platform_run_id"],
        "decision_scope": given["decision_scope"],
        "bundle_ref": {"bundle_id": bundle["bundle_id"], "bundle_version": bundle["bundle_version"], "registry_ref": bundle.get("registry_ref", "")},
        "origin_offset": {"topic": origin.get("topic") or origin.get("stream"), "partition": origin["partition"], "offset": str(origin["offset"]), "offset_kind": origin["offset_kind"]},
    })[:32]
    key = recipe("weir.idempotency_key.v1", {"decision_id": decision, "action_kind": given["action_kind"]})
    rows.append({
        "note": vector["note"], "input": given, "decision_id": decision,
        "decision_event_id": recipe("weir.decision_event_id.v1", {"decision_id": decision}),
        "action_id": sha(f"{decision}:{given['action_kind']}")[:32], "action_idempotency_key": key,
        "action_event_id": recipe("weir.action_event_id.v1", {"idempotency_key": key}),
        "audit_id": recipe("weir.audit_id.v1", {"decision_id": decision})[:32],
    })
write("decision_id", "Offset 0 is '0'; response, action and audit ids come from the decision (ruling 16).", rows)

# action_ids: the outcome hangs on the semantic key, not on the number of attempts.
write("action_ids", "One outcome id per action, whatever the attempts (ruling 16).", [
    {"semantic_key": v["semantic_key"], "outcome_id": recipe("weir.outcome_id.v1", {"semantic_key": v["semantic_key"]})[:32]}
    for v in reference("action_ids")
])

# flow_binding_hash: only the target counts.
rows = []
for vector in reference("flow_binding_hash"):
    given = vector["input"]
    frame = {name: given["join_frame_key"][name] for name in ("platform_run_id", "merchant_id", "arrival_seq")}
    rows.append({"input": given, "binding_hash": recipe("weir.flow_binding.v1", {"flow_id": given["flow_id"], "join_frame_key": frame})})
write("flow_binding_hash", "The same binding under another event id is no conflict; the frame key is the narrative's.", rows)

# case_label_ids: actor only for HUMAN, label_payload hashed when there.
rows = []
for vector in reference("case_label_ids"):
    for payload in (None, {"note": "é", "n": 1}):
        body = {
            "label_subject_key": {name: vector["case_subject_key"][name] for name in ("platform_run_id", "event_id")},
            "label_type": vector["label_type"], "label_value": vector["label_value"],
            "effective_time": vector["effective_time"], "observed_time": vector["observed_time"],
            "source_type": vector["source_type"],
            "actor_id": (vector["actor_id"] or "") if vector["source_type"] == "HUMAN" else "",
            "evidence_refs": sorted(
                ({"ref_type": e["ref_type"], "ref_id": e["ref_id"], "ref_scope": e.get("ref_scope") or ""} for e in vector["evidence_refs"]),
                key=lambda e: (e["ref_type"], e["ref_id"], e["ref_scope"]),
            ),
        }
        if payload is not None:
            body["label_payload"] = payload
        rows.append({**{k: vector[k] for k in ("note", "case_subject_key", "label_type", "label_value", "effective_time", "observed_time", "source_type", "evidence_refs")},
                     "actor_id": vector["actor_id"] or "svc:someone", "label_payload": payload,
                     "label_payload_hash": recipe("ls.label_assertion_payload_hash.v1", body)})
        if vector["source_type"] == "HUMAN" and not vector["actor_id"]:
            rows.pop()
write("case_label_ids", "actor_id counts only for HUMAN (the narrative); label_payload is hashed, so it cannot be changed unseen.", rows)

# dataset_fingerprint v2.
def fingerprint(given):
    return recipe("weir.dataset_fingerprint.v2", {
        **{name: given[name] for name in ("platform_run_id", "label_basis", "feature_definition_set", "join_scope", "policy_revision", "config_revision")},
        "scenario_run_ids": sorted(set(given["scenario_run_ids"])),
        "replay_basis": sorted(given["replay_basis"], key=lambda r: (r["topic"], r["partition"], r["start_offset"])),
        "filters": given.get("filters", {}), "sampling": given.get("sampling"),
    })
rows = []
for vector in reference("dataset_fingerprint"):
    given = json.loads(vector["identity_json"])
    given["replay_basis"] = [
        {"topic": r["topic"], "partition": int(r["partition"]), "offset_kind": r["offset_kind"], "start_offset": int(r["start_offset"]), "end_offset_exclusive": int(r["end_offset"]) + 1}
        for r in given["replay_basis"]
    ]
    rows.append({"note": vector["note"], "identity_json": json.dumps(given), "dataset_fingerprint": fingerprint(given)})
write("dataset_fingerprint", "Recipe v2 (ruling 16): no code release, integer exclusive ends, sampling inside, runs once.", rows)

# snapshot_hash: Avro bytes of what was served (ruling 3).
def zigzag(number):
    number = (number << 1) ^ (number >> 63)
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def string(text):
    raw = text.encode()
    return zigzag(len(raw)) + raw


def array(items):
    return (zigzag(len(items)) + b"".join(items) if items else b"") + b"\0"


def snapshot(given):
    return (string(given["recipe"])
            + array([string(k["entity"]) + string(k["id"]) for k in given["keys"]])
            + array([b"\0" if v is None else b"\2" + struct.pack("<d", v) for v in given["values"]])
            + array([zigzag(g["index"]) + string(g["code"]) for g in given["gaps"]])
            + string(given["definition_hash"]))
base = {"recipe": "weir.snapshot.v1", "keys": [{"entity": "account", "id": "8"}, {"entity": "ip", "id": "é"}],
        "values": [3, 1234, 0.5], "gaps": [], "definition_hash": "d" * 64}
write("snapshot_hash", "Only what was served, as Avro bytes (ruling 3): no time, freshness or offsets.", [
    {"note": note, "snapshot": value, "snapshot_hash": sha(snapshot(value))} for note, value in [
        ("base", base), ("a null value with its reason", {**base, "values": [3, None, 0.5], "gaps": [{"index": 1, "code": "MASKED"}]}),
        ("negative zero is not zero", {**base, "values": [-0.0, 1e300, 5e-324]}), ("nothing served", {**base, "keys": [], "values": []}),
        ("many values", {**base, "values": [float(n) for n in range(200)]}),
    ]
])

# amount_minor (ruling 8): not from the reference.
write("amount_minor", "Ruling 8; Decimal of the shortest spelling, ROUND_HALF_EVEN.", [
    {"amount": a, "minor": int((Decimal(repr(a)) * 100).quantize(Decimal(1), ROUND_HALF_EVEN))}
    for a in [0.0, 12.34, 12.0, 0.005, 0.015, 0.025, 1.005, 1.015, 2.675, 0.285, 1.115, -0.005, -1.015, -12.34, 1e-7, 5e-324,
              99.99, 999999.995, 12345678.905, 33554432.125, 33554431.995, 4503599627370.495, 90071992547409.9, 0.1 + 0.2, 1e13, 1.1e12]
])

# envelope_validation: what the reference lets pass, and ours.
full = json.loads(reference("envelope_validation")[0]["envelope_json"])
rows = [{"note": v["note"], "envelope_json": v["envelope_json"], "code": "ENVELOPE_INVALID", "field": field}
        for v in reference("envelope_validation")
        for note, field in (("impossible date", "ts_utc"), ("event_id 257", "event_id"), ("event_id empty", "event_id"))
        if note in v["note"]]


def envelope(note, field, value, code="ENVELOPE_INVALID"):
    rows.append({"note": note, "envelope_json": json.dumps({**full, field: value}), "code": code, "field": field})


envelope("event_id empty", "event_id", "")
envelope("event_id null", "event_id", None)
envelope("event_id of 257", "event_id", "x" * 257)
envelope("event_id of 256 astral characters", "event_id", "😀" * 256, None)
envelope("30 February", "ts_utc", "2026-02-30T00:00:00.000000Z")
envelope("29 February of a leap year", "ts_utc", "2028-02-29T23:59:59.999999Z", None)
envelope("29 February of 2100", "ts_utc", "2100-02-29T00:00:00.000000Z")
envelope("second 60", "ts_utc", "2016-12-31T23:59:60.000000Z")
envelope("hour 24", "ts_utc", "2026-01-01T24:00:00.000000Z")
envelope("3 digits", "ts_utc", "2026-01-01T00:00:00.000Z")
envelope("an offset instead of Z", "ts_utc", "2026-01-01T00:00:00.000000+00:00")
envelope("newline after Z", "ts_utc", "2026-01-01T00:00:00.000000Z\n")
envelope("impossible emitted_at", "emitted_at_utc", "2026-13-01T00:00:00.000000Z")
envelope("uppercase hex", "manifest_fingerprint", full["manifest_fingerprint"].upper())
envelope("seed one beyond uint64", "seed", 2**64)
envelope("seed as a double", "seed", 42.0)
envelope("seed true", "seed", True)
envelope("scenario_id negative", "scenario_id", -1)
envelope("unknown field", "event_class", "traffic_fraud")
envelope("trace_id empty", "trace_id", "")
write("envelope_validation", "Real format checks (platform 2.1): what the reference's missing format checker lets pass is refused. code null: valid.", rows)

# payload_schema_validation: exactly v1, real formats, integers spelled as integers.
rows = []
for vector in reference("payload_schema_validation"):
    if vector["result"] == "OK" and vector["schema_version"] != "v1":
        code = "SCHEMA_VERSION_REQUIRED" if vector["schema_version"] is None else "SCHEMA_VERSION_NOT_ALLOWED"
        rows.append({**{k: vector[k] for k in ("note", "event_type", "schema_version", "payload_json")}, "result": code})
payloads = {v["event_type"]: json.loads(v["payload_json"]) for v in reversed(reference("payload_schema_validation")) if v["result"] == "OK"}


def payload(note, event_type, changes, result="SCHEMA_FAIL"):
    rows.append({"note": note, "event_type": event_type, "schema_version": "v1", "payload_json": json.dumps({**payloads[event_type], **changes}), "result": result})


T, A, E, F = "s3_event_stream_with_fraud_6B", "arrival_events_5B", "s1_arrival_entities_6B", "s3_flow_anchor_with_fraud_6B"
payload("impossible date", T, {"ts_utc": "2026-13-45T99:99:99.000000Z"})
payload("flow_id spelled as a double", T, {"flow_id": 7.0})
payload("flow_id beyond uint64", T, {"flow_id": 2**64})
payload("flow_id 0", T, {"flow_id": 0}, "OK")
payload("amount as integer", T, {"amount": 12}, "OK")
payload("amount as string", T, {"amount": "12"})
payload("amount null", T, {"amount": None})
payload("event_seq negative", T, {"event_seq": -1})
payload("fraud_flag null", T, {"fraud_flag": None})
payload("merchant above 2^63", A, {"merchant_id": 18444711838460031526}, "OK")
payload("merchant beyond uint64", A, {"merchant_id": 2**64})
payload("arrival_seq 0", A, {"arrival_seq": 0})
payload("local time with Z", A, {"ts_local_primary": "2026-01-01T00:00:00.000000Z"})
payload("local time impossible", A, {"ts_local_primary": "2026-02-30T00:00:00.000000"})
payload("zone no name", A, {"tzid_primary": "not a zone"})
payload("routing hash uppercase", A, {"routing_universe_hash": "AB" * 32})
payload("lambda as integer", A, {"lambda_realised": 3}, "OK")
payload("undeclared object", A, {"x": {"y": [1]}}, "OK")
payload("undeclared field in entities", E, {"x": 1}, "OK")
payload("party as string", E, {"party_id": "7"})
payload("undeclared field in the anchor", F, {"x": 1})
payload("campaign as number", F, {"campaign_id": 7})
write("payload_schema_validation", "Exactly v1 (platform 2.3); formats are checked for real; integers must be spelled as integers.", rows)
