package limits

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// identities are the policies of roles and users, as the emulator has them: inline policies, the managed policies that are
// attached, AWS's managed policies included, a user's groups' policies, and permissions boundaries. Session policies are
// those with which a session was made.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html
type identities struct {
	w *world

	mu       sync.Mutex
	known    map[string]*identity              // by the ARN of the role or the user
	managed  map[string]authorization.Policy   // AWS's managed policies, which all accounts share, by ARN
	sessions map[string][]authorization.Policy // session policies by access key
}

// identity has the policies of a role or a user, once they were read.
type identity struct {
	mu   sync.Mutex
	read bool
	owned
}

func newIdentities(w *world) *identities {
	return &identities{w: w, known: map[string]*identity{}, managed: map[string]authorization.Policy{}, sessions: map[string][]authorization.Policy{}}
}

// defaultAccessRole is the name of the access role that AWS Organizations creates in a new
// account, unless CreateAccount names another role.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
const defaultAccessRole = "OrganizationAccountAccessRole"

// everything is a policy that allows everything.
var everything = authorization.Policy{Name: "everything", Document: policy.Document{
	Statements: []policy.Statement{{Effect: policy.Allow, Action: policy.List{"*"}, Resource: policy.List{"*"}}},
}}

// identityOf returns the ARN of a session's role, or of a user; empty for other callers.
func identityOf(p proxy.Principal) string {
	switch {
	case p.Role != "":
		return p.Role
	case strings.Contains(p.ARN, ":user/"):
		return p.ARN
	}
	return ""
}

// owned are the policies of a caller's own.
type owned struct {
	policies []authorization.Policy
	boundary *authorization.Policy
}

// of returns the policies of a call's caller. The emulator's own user may do everything, and a root user needs no policy.
func (r *identities) of(c *proxy.Call) owned {
	arn := identityOf(c.Caller)
	if arn == "" || r.w.Administrates(c.Caller) {
		return owned{policies: []authorization.Policy{everything}}
	}
	return r.ofIdentity(c.Context(), arn)
}

// ofIdentity returns the policies of a role or a user.
func (r *identities) ofIdentity(ctx context.Context, arn string) owned {
	held := r.held(arn)
	held.mu.Lock()
	defer held.mu.Unlock()
	if !held.read {
		var err error
		if held.policies, held.boundary, err = r.read(ctx, arn); err != nil {
			return owned{policies: []authorization.Policy{{Name: "of " + arn, Unread: true}}}
		}
		held.read = true
	}
	return held.owned
}

func (r *identities) held(arn string) *identity {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[arn] == nil {
		r.known[arn] = &identity{}
	}
	return r.known[arn]
}

// session returns the session policies of an access key; nil if it has none.
func (r *identities) session(key string) []authorization.Policy {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions[key]
}

// learn forgets the policies that a successful call may have changed, and remembers the session policies of a new session.
func (r *identities) learn(c *proxy.Call, a *proxy.Answer) {
	if c.Service == "sts" {
		r.learnSession(c, a)
	}
	if c.Service != "iam" {
		return
	}
	changed := func(string) bool { return true } // Any identity of the account may have the policy.
	switch c.Action {
	case "AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy", "DeleteRolePolicy", "CreateRole", "DeleteRole",
		"PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary":
		changed = func(arn string) bool {
			return strings.Contains(arn, ":role/") && roleName(arn) == c.Form.Get("RoleName")
		}
	case "AttachUserPolicy", "DetachUserPolicy", "PutUserPolicy", "DeleteUserPolicy", "CreateUser", "DeleteUser",
		"PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary",
		"AddUserToGroup", "RemoveUserFromGroup", "AttachGroupPolicy", "DetachGroupPolicy", "PutGroupPolicy", "DeleteGroupPolicy":
		changed = func(arn string) bool { return strings.Contains(arn, ":user/") }
	case "CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy":
	default:
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for arn := range r.known {
		if accountOf(arn) == c.Caller.Account && changed(arn) {
			delete(r.known, arn)
		}
	}
}

// learnSession remembers the session policies with which a call has assumed a role.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func (r *identities) learnSession(c *proxy.Call, a *proxy.Answer) {
	var policies []authorization.Policy
	if inline := c.Form.Get("Policy"); inline != "" {
		policies = append(policies, parsed("of the session", inline))
	}
	ask := r.asking(c.Context(), accountOf(c.Form.Get("RoleArn")))
	for i := 1; ; i++ {
		arn := c.Form.Get("PolicyArns.member." + strconv.Itoa(i) + ".arn")
		if arn == "" {
			break
		}
		p, err := r.readManaged(ask, arn)
		if err != nil {
			p = authorization.Policy{Name: arn, Unread: true}
		}
		policies = append(policies, p)
	}
	var out assumed
	if xml.Unmarshal(a.Body, &out) != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, result := range []assumedResult{out.Role, out.Web, out.SAML} {
		delete(r.sessions, result.Key)
		if policies != nil {
			r.sessions[result.Key] = policies
		}
	}
}

// asker asks the emulator's IAM. More are the names and the values of the action's parameters, in turn.
type asker func(action string, out any, more ...string) error

// asking returns an asker that acts for an account.
func (r *identities) asking(ctx context.Context, account string) asker {
	return func(action string, out any, more ...string) error {
		form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return r.w.AskQuery(ctx, account, "iam", form, out)
	}
}

// read reads the policies and the permissions boundary of a role, or of a user and the user's groups, from the emulator.
func (r *identities) read(ctx context.Context, arn string) (policies []authorization.Policy, boundary *authorization.Policy, err error) {
	ask := r.asking(ctx, accountOf(arn))
	kind := "User"
	if strings.Contains(arn, ":role/") {
		kind = "Role"
	}
	if policies, err = r.readOf(ask, kind, roleName(arn)); err != nil {
		return nil, nil, err
	}
	if boundary, err = r.readBoundary(ask, kind, roleName(arn)); err != nil || kind == "Role" {
		return policies, boundary, err
	}
	var groups struct {
		Names []string `xml:"ListGroupsForUserResult>Groups>member>GroupName"`
	}
	if err := ask("ListGroupsForUser", &groups, "UserName", roleName(arn)); err != nil {
		return nil, nil, err
	}
	for _, name := range groups.Names {
		more, err := r.readOf(ask, "Group", name)
		if err != nil {
			return nil, nil, err
		}
		policies = append(policies, more...)
	}
	return policies, boundary, nil
}

// readBoundary reads the permissions boundary of a Role or a User; nil if it has none.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func (r *identities) readBoundary(ask asker, kind, name string) (*authorization.Policy, error) {
	var out struct {
		Role string `xml:"GetRoleResult>Role>PermissionsBoundary>PermissionsBoundaryArn"`
		User string `xml:"GetUserResult>User>PermissionsBoundary>PermissionsBoundaryArn"`
	}
	if err := ask("Get"+kind, &out, kind+"Name", name); err != nil || out.Role+out.User == "" {
		return nil, err
	}
	boundary, err := r.readManaged(ask, out.Role+out.User)
	return &boundary, err
}

// readOf reads the inline and the attached policies of a Role, a User or a Group.
func (r *identities) readOf(ask asker, kind, name string) ([]authorization.Policy, error) {
	var attached struct {
		Role  []string `xml:"ListAttachedRolePoliciesResult>AttachedPolicies>member>PolicyArn"`
		User  []string `xml:"ListAttachedUserPoliciesResult>AttachedPolicies>member>PolicyArn"`
		Group []string `xml:"ListAttachedGroupPoliciesResult>AttachedPolicies>member>PolicyArn"`
	}
	if err := ask("ListAttached"+kind+"Policies", &attached, kind+"Name", name); err != nil {
		return nil, err
	}
	var policies []authorization.Policy
	for _, arn := range slices.Concat(attached.Role, attached.User, attached.Group) {
		p, err := r.readManaged(ask, arn)
		if err != nil {
			return nil, err
		}
		policies = append(policies, p)
	}
	var inline struct {
		Role  []string `xml:"ListRolePoliciesResult>PolicyNames>member"`
		User  []string `xml:"ListUserPoliciesResult>PolicyNames>member"`
		Group []string `xml:"ListGroupPoliciesResult>PolicyNames>member"`
	}
	if err := ask("List"+kind+"Policies", &inline, kind+"Name", name); err != nil {
		return nil, err
	}
	for _, title := range slices.Concat(inline.Role, inline.User, inline.Group) {
		var out struct {
			Role  string `xml:"GetRolePolicyResult>PolicyDocument"`
			User  string `xml:"GetUserPolicyResult>PolicyDocument"`
			Group string `xml:"GetGroupPolicyResult>PolicyDocument"`
		}
		if err := ask("Get"+kind+"Policy", &out, kind+"Name", name, "PolicyName", title); err != nil {
			return nil, err
		}
		d, err := parseDocument(out.Role + out.User + out.Group)
		if err != nil {
			return nil, err
		}
		policies = append(policies, authorization.Policy{Name: title, Document: d})
	}
	return policies, nil
}

// readManaged reads a managed policy from the emulator. It reads each of AWS's managed policies
// only once.
func (r *identities) readManaged(ask asker, arn string) (authorization.Policy, error) {
	r.mu.Lock()
	p, ok := r.managed[arn]
	r.mu.Unlock()
	if ok {
		return p, nil
	}
	p.Name = arn
	var managed struct {
		Version string `xml:"GetPolicyResult>Policy>DefaultVersionId"`
	}
	if err := ask("GetPolicy", &managed, "PolicyArn", arn); err != nil {
		return p, err
	}
	var version struct {
		Document string `xml:"GetPolicyVersionResult>PolicyVersion>Document"`
	}
	if err := ask("GetPolicyVersion", &version, "PolicyArn", arn, "VersionId", managed.Version); err != nil {
		return p, err
	}
	d, err := parseDocument(version.Document)
	p.Document = d
	if err == nil && accountOf(arn) == "aws" {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.managed[arn] = p
	}
	return p, err
}

// parseDocument parses a policy from an answer of IAM, which has it with URL encoding.
func parseDocument(escaped string) (d policy.Document, err error) {
	text, err := url.QueryUnescape(escaped)
	if err != nil {
		return d, fmt.Errorf("reading a policy: %w", err)
	}
	return policy.Parse(text)
}
