package authorization

import "github.com/coldstart-aws/coldstart/policy"

// Policies are all policies that bear on a request. A nil field means that there are no such policies,
// which is not the same as policies without statements: those allow nothing.
type Policies struct {
	// Management is the id of the organization's management account, which service and resource control
	// policies don't restrict; empty if there is no organization.
	Management string `json:"management,omitempty"`
	// ServiceControl are the service control policies of the principal's account: one level each for the
	// root, every unit down to the account, and the account. Nil if the policy type isn't enabled.
	// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
	ServiceControl []Level `json:"serviceControl,omitempty"`
	// ResourceControl are the resource control policies of the account that owns the resource, by the
	// same levels.
	// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html
	ResourceControl []Level `json:"resourceControl,omitempty"`
	// Resource is the policy of the resource itself, such as a bucket policy, a key policy or the trust
	// policy of a role.
	Resource *Policy `json:"resource,omitempty"`
	// Identity are the policies of the user and its groups, or of the role.
	Identity []Policy `json:"identity,omitempty"`
	// Boundary is the permissions boundary of the user or the role.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
	Boundary *Policy `json:"boundary,omitempty"`
	// Session are the session policies.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
	Session []Policy `json:"session,omitempty"`
}

// Policy is an IAM policy.
type Policy struct {
	// Name is what a decision calls the policy.
	Name     string          `json:"name"`
	Document policy.Document `json:"document"`
	// Unread says that the document isn't known. The policy may then allow or deny anything.
	Unread bool `json:"unread,omitempty"`
}

// Level are the policies that are attached to the root, to one unit, or to the account.
type Level struct {
	Name     string   `json:"name"`
	Policies []Policy `json:"policies"`
}

// Kind is a kind of policy.
type Kind string

// The kinds of policies, in the order in which AWS evaluates them.
const (
	ResourceControl Kind = "resource control policy"
	ServiceControl  Kind = "service control policy"
	Resource        Kind = "resource policy"
	Identity        Kind = "identity policy"
	Boundary        Kind = "permissions boundary"
	Session         Kind = "session policy"
)
