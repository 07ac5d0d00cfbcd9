"""Decides requests with MiniStack's evaluator of IAM policies, and prints where it differs.

Reads JSON lines from standard input: {"name", "request", "policies", "outcome"}, with requests and
policies as package authorization has them. Prints a JSON line for each difference, and at the end how
many requests both have decided, and why others were left out.
"""

import collections
import json
import sys

from ministack.core import iam_evaluator as other

# Keys that the other evaluator always takes from elsewhere than the request.
ELSEWHERE = {"aws:currenttime", "aws:epochtime", "aws:resourceaccount", "s3:resourceaccount", "aws:principalorgid"}
TYPES = {"user": "User", "role": "AssumedRole", "federatedUser": "FederatedUser"}
OUTCOMES = {"Allow": "allowed", "Deny": "denied explicitly", "ImplicitDeny": "denied implicitly"}


def left_out(case):
    """Says why the other evaluator can't decide a request; empty if it can."""
    request, policies = case["request"], case["policies"]
    principal = request["principal"]
    text = json.dumps(policies)
    if principal["type"] not in TYPES:
        return "principals of type " + principal["type"]
    if policies.get("serviceControl") or policies.get("resourceControl"):
        return "control policies"
    if request["action"].lower().startswith("sts:"):
        return "trust policies"
    if "${" in text:
        return "variables"
    if "NotPrincipal" in text or "CanonicalUser" in text:
        return "NotPrincipal and canonical users"
    asked = set(keys_of(policies))
    if asked & ELSEWHERE:
        return "keys that it takes from elsewhere"
    sent = {name.lower() for name, values in request.get("keys", {}).items() if values}
    for key in ("aws:sourceip", "aws:securetransport", "aws:requestedregion"):
        if key in asked and key not in sent:
            return key + ", which it always has"
    return ""


def keys_of(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "Condition":
                for keys in inner.values():
                    yield from (key.lower() for key in keys)
            else:
                yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


def arn_of(principal):
    if principal["type"] != "role":
        return principal["arn"]
    partition = principal["arn"].split(":")[1]
    return f"arn:{partition}:sts::{principal['account']}:assumed-role/{principal['arn'].split('/')[-1]}/{principal.get('session', '')}"


def decide(case):
    request, policies = case["request"], case["policies"]
    principal = request["principal"]
    keys = {name.lower(): values[0] if len(values) == 1 else values for name, values in request.get("keys", {}).items() if values}
    if principal["type"] == "user":
        keys.setdefault("aws:username", principal["arn"].split("/")[-1])
    context = other.EvalContext(
        principal_arn=arn_of(principal), principal_type=TYPES[principal["type"]], principal_account=principal["account"],
        action=request["action"], resource_arn=request["resource"], region=keys.get("aws:requestedregion", ""),
        source_ip=keys.get("aws:sourceip", ""), secure_transport=keys.get("aws:securetransport") == "true", service_context=keys,
    )

    def parsed(all_):
        return [other.parse_policy_document(p["document"]) for p in all_]

    limits = [parsed(p) for p in ([policies["boundary"]] if policies.get("boundary") else [], policies.get("session") or []) if p]
    result = other.evaluate(context, parsed(policies.get("identity") or []), *limits)
    owner = request.get("resourceAccount") or principal["account"]
    # Only where its policy lets the account do identity policies count for a key.
    required = request["action"].lower().startswith("kms:") and ":key/" in request["resource"]
    if policies.get("resource"):
        result = other.combine_resource_policy(
            result, context, policies["resource"]["document"], owner, required=required, limits=tuple(limits))
    elif (owner != principal["account"] or required) and result.decision == "Allow":
        result = other.EvalResult("ImplicitDeny")
    return OUTCOMES[result.decision]


def main():
    decided, omitted = 0, collections.Counter()
    for line in sys.stdin:
        case = json.loads(line)
        if why := left_out(case):
            omitted[why] += 1
            continue
        decided += 1
        if (got := decide(case)) != case["outcome"]:
            print(json.dumps({"name": case["name"], "other": got, "ours": case["outcome"]}))
    print(json.dumps({"decided": decided, "omitted": omitted}))


main()
