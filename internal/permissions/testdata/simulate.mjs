// Decides requests with @cloud-copilot/iam-simulate, and prints its answers.
//
// Reads JSON lines from standard input: {"name", "request", "policies"}, with requests and policies as package authorization has them. Prints
// a JSON line for each: {"name", "outcome"}. The environment variable SIMULATOR is the directory that the package is installed in.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { runSimulation } = createRequire(process.env.SIMULATOR + "/")("@cloud-copilot/iam-simulate");

const outcomes = { Allowed: "allowed", ExplicitlyDenied: "denied explicitly", ImplicitlyDenied: "denied implicitly" };

// RCPFullAWSAccess is AWS's own, which the simulator adds itself.
const named = (all) => (all ?? []).filter((p) => p.name !== "RCPFullAWSAccess").map((p, i) => ({ name: `${i} ${p.name}`, policy: p.document }));
const levels = (all) => (all ?? []).map((l) => ({ orgIdentifier: l.name, policies: named(l.policies) }));

// caller is the ARN of the principal as AWS sees it: of a role, that of the session.
function caller({ type, arn, account, session }) {
  return type === "role" ? `arn:aws:sts::${account}:assumed-role/${arn.split("/").at(-1)}/${session}` : arn;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { name, request, policies } = JSON.parse(line);
  const context = Object.entries(request.keys).filter(([, values]) => values?.length).map(([key, values]) => [key, values.length === 1 ? values[0] : values]);
  const managed = request.principal.account === policies.management; // Control policies don't restrict the management account.
  const result = await runSimulation({
    request: {
      principal: caller(request.principal), action: request.action, contextVariables: Object.fromEntries(context),
      resource: { resource: request.resource, accountId: request.resourceAccount },
    },
    identityPolicies: named(policies.identity),
    serviceControlPolicies: managed ? [] : levels(policies.serviceControl),
    resourceControlPolicies: levels(policies.resourceControl),
    resourcePolicy: policies.resource?.document,
    permissionBoundaryPolicies: policies.boundary ? named([policies.boundary]) : undefined,
  }, {});
  const outcome = result.resultType === "error" ? JSON.stringify(result.errors) : outcomes[result.overallResult] ?? result.overallResult;
  console.log(JSON.stringify({ name, outcome }));
}
