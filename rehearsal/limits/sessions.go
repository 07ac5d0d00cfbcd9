package limits

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// sessions refuses calls that the policies of the caller's own can't allow: those of the session's role,
// or those of the user and the user's groups. moto lets every access key do everything. The rule reads
// the policies from the emulator: inline policies, and the managed policies that are attached, AWS's
// managed policies included.
//
// Where the rule doesn't know enough, it decides for the caller. It ignores permissions
// boundaries. It knows the resources that calls name, and the condition keys of the caller, of the
// encryption context and of record sets. So AWS refuses every call that this rule refuses, unless a
// resource's own policy allows the caller.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
type sessions struct {
	w       *world
	factors *secondFactors

	mu         sync.Mutex
	identities map[string]*identity       // by the ARN of the role or the user
	managed    map[string]policy.Document // AWS's managed policies, which all accounts share, by ARN
	access     map[string]bool            // names of access roles in new accounts
}

// identity has the policies of a role or a user, and caches decisions about them.
type identity struct {
	mu       sync.Mutex
	read     bool
	policies []authorization.Policy
	decided  map[string]authorization.Decision // by all that was asked
}

func newSessions(w *world, factors *secondFactors) *sessions {
	return &sessions{
		w: w, factors: factors, identities: map[string]*identity{}, managed: map[string]policy.Document{},
		access: map[string]bool{defaultAccessRole: true},
	}
}

// defaultAccessRole is the name of the access role that AWS Organizations creates in a new
// account, unless CreateAccount names another role. AWS attaches AdministratorAccess to it, and
// moto attaches nothing, so this rule doesn't evaluate the policies of access roles.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
const defaultAccessRole = "OrganizationAccountAccessRole"

func (*sessions) Name() string { return "not allowed by the caller's policies" }

func (r *sessions) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	r.learn(c)
	if r.mayAll(c.Caller) {
		return r.change(c, next(c))
	}
	action, resource := permission(c)
	if resource == "" {
		resource = resourceOf(c, action)
	}
	if action != "" && !c.Is("sts", "AssumeRole") { // About which entries decides, by the trust policy too.
		if why := r.denial(c, action, resource, contextOf(c)); why != "" {
			return r.w.Refuse(c, unauthorized(c, action, resource, why))
		}
	}
	a := r.change(c, next(c))
	// Reading an object also needs kms:Decrypt on the object's key.
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
	key := keyARN(c, a.Header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"))
	if c.Is("s3", "GetObject") && key != "" {
		if why := r.denial(c, "kms:Decrypt", key, contextOfObject(c, a)); why != "" {
			return r.w.Refuse(c, unauthorized(c, "kms:Decrypt", key, why))
		}
	}
	return a
}

// mayAll reports whether the rule doesn't ask for a caller's policies: those of an access role, of the
// emulator's own user, and of callers that have none.
func (r *sessions) mayAll(p proxy.Principal) bool {
	arn := identityOf(p)
	return arn == "" || r.w.Administrates(p) || p.Role != "" && r.isAccess(p.Role)
}

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

// learn remembers the name of the access role that CreateAccount names.
func (r *sessions) learn(c *proxy.Call) {
	var in struct{ RoleName string }
	if c.Is("organizations", "CreateAccount") && json.Unmarshal(c.Body, &in) == nil && in.RoleName != "" {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.access[in.RoleName] = true
	}
}

func (r *sessions) isAccess(arn string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.access[roleName(arn)]
}

// change forgets the policies that a successful call may have changed, and returns the answer.
func (r *sessions) change(c *proxy.Call, a *proxy.Answer) *proxy.Answer {
	if !a.OK() || c.Service != "iam" {
		return a
	}
	changed := func(string) bool { return true } // Any identity of the account may have the policy.
	switch c.Action {
	case "AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy", "DeleteRolePolicy", "CreateRole", "DeleteRole":
		changed = func(arn string) bool {
			return strings.Contains(arn, ":role/") && roleName(arn) == c.Form.Get("RoleName")
		}
	case "AttachUserPolicy", "DetachUserPolicy", "PutUserPolicy", "DeleteUserPolicy", "CreateUser", "DeleteUser",
		"AddUserToGroup", "RemoveUserFromGroup", "AttachGroupPolicy", "DetachGroupPolicy", "PutGroupPolicy", "DeleteGroupPolicy":
		changed = func(arn string) bool { return strings.Contains(arn, ":user/") }
	case "CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy":
	default:
		return a
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for arn := range r.identities {
		if accountOf(arn) == c.Caller.Account && changed(arn) {
			delete(r.identities, arn)
		}
	}
	return a
}

// denial returns why the caller's policies can't allow an action on a resource; empty if they can. An
// empty resource means that the resource isn't known. If the emulator doesn't return the policies, they
// can.
func (r *sessions) denial(c *proxy.Call, action, resource string, in encryptionContext) string {
	held := r.held(identityOf(c.Caller))
	held.mu.Lock()
	defer held.mu.Unlock()
	if !r.fill(c, held) {
		return ""
	}
	keys := recordKeys(c)
	if c.Caller.Role == "" {
		maps.Copy(keys, r.mfa(c))
	}
	asked := fmt.Sprint(c.Caller.ARN, " ", action, " ", resource, " ", in, " ", keys)
	d, known := held.decided[asked]
	if !known {
		maps.Copy(keys, in.keys(held.policies))
		q := authorization.Request{Action: action, Resource: resource, Principal: principal(c.Caller), Keys: keys}
		d = authorization.Decide(q, authorization.Policies{Identity: held.policies, Resource: delegating(c.Caller.Account)})
		held.decided[asked] = d
	}
	switch d.Outcome {
	case authorization.DeniedExplicitly:
		return "with an explicit deny in an identity-based policy (rehearsal: " + d.String() + ")"
	case authorization.DeniedImplicitly:
		return noIdentityPolicy(action)
	case authorization.Allowed, authorization.CantTell:
	}
	return ""
}

// fill reads the policies of the caller's, unless they were read, and reports whether they are known. The
// caller holds the lock of held.
func (r *sessions) fill(c *proxy.Call, held *identity) bool {
	if !held.read {
		policies, err := r.read(c.Context(), identityOf(c.Caller))
		if err != nil {
			return false
		}
		held.read, held.policies = true, policies
	}
	return true
}

// policiesOf returns the policies of a call's caller; everything of a caller whose policies the rule
// doesn't ask for, or doesn't get.
func (r *sessions) policiesOf(c *proxy.Call) []authorization.Policy {
	if r.mayAll(c.Caller) {
		return []authorization.Policy{everything}
	}
	held := r.held(identityOf(c.Caller))
	held.mu.Lock()
	defer held.mu.Unlock()
	if !r.fill(c, held) {
		return []authorization.Policy{everything}
	}
	return held.policies
}

// mfa returns the condition keys about MFA of a user's call. A call with a long-lived key has none.
func (r *sessions) mfa(c *proxy.Call) map[string][]string {
	keys := map[string][]string{"aws:multifactorauthpresent": nil, "aws:multifactorauthage": nil}
	maps.Copy(keys, single(r.factors.keys(c)))
	return keys
}

// delegating returns a resource policy that leaves it to the account's identity policies who may do
// what, as most key policies do. The resource's own policy is other rules' matter.
func delegating(account string) *authorization.Policy {
	return &authorization.Policy{Name: "delegating", Document: policy.Document{Statements: []policy.Statement{{
		Effect: policy.Allow, Principal: &policy.Principal{AWS: policy.List{account}}, Action: policy.List{"*"}, Resource: policy.List{"*"},
	}}}}
}

func (r *sessions) held(arn string) *identity {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.identities[arn] == nil {
		r.identities[arn] = &identity{decided: map[string]authorization.Decision{}}
	}
	return r.identities[arn]
}

// encryptionContext has the condition keys about the encryption context of a request that
// decrypts, by their names in lower case; nil if they aren't known.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context
type encryptionContext map[string][]string

const encryptionContextKey = "kms:encryptioncontext"

// encrypting returns the keys of an encryption context.
func encrypting(context map[string]string) encryptionContext {
	e := encryptionContext{}
	for name, value := range context {
		e[encryptionContextKey+":"+strings.ToLower(name)] = []string{value}
		e[encryptionContextKey+"keys"] = append(e[encryptionContextKey+"keys"], name)
	}
	return e
}

// keys returns the condition keys about the encryption context that policies ask for. A key that the
// context doesn't have is absent, unless the context isn't known.
func (e encryptionContext) keys(policies []authorization.Policy) map[string][]string {
	if e == nil {
		return nil
	}
	keys := map[string][]string{}
	for _, p := range policies {
		for _, s := range p.Document.Statements {
			for _, asked := range s.Condition {
				for key := range asked {
					if key = strings.ToLower(key); strings.HasPrefix(key, encryptionContextKey) {
						keys[key] = e[key]
					}
				}
			}
		}
	}
	return keys
}

// contextOf returns the encryption context of kms:Decrypt; nil for every other call.
func contextOf(c *proxy.Call) encryptionContext {
	var in struct{ EncryptionContext map[string]string }
	if !c.Is("kms", "Decrypt") || json.Unmarshal(c.Body, &in) != nil {
		return nil
	}
	return encrypting(in.EncryptionContext)
}

// contextOfObject returns the encryption context of S3's request to KMS when a client reads an
// object: the object's ARN, or the bucket's ARN if the object was written with an S3 Bucket Key.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context
func contextOfObject(c *proxy.Call, a *proxy.Answer) encryptionContext {
	arn := "arn:aws:s3:::" + strings.TrimPrefix(c.URL.Path, "/")
	if strings.EqualFold(a.Header.Get("X-Amz-Server-Side-Encryption-Bucket-Key-Enabled"), "true") {
		arn, _, _ = strings.Cut(arn, "/")
	}
	return encrypting(map[string]string{"aws:s3:arn": arn})
}

// read reads the policies of a role, or of a user and the user's groups, from the emulator.
func (r *sessions) read(ctx context.Context, arn string) ([]authorization.Policy, error) {
	ask := func(action string, out any, more ...string) error {
		form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return r.w.AskQuery(ctx, accountOf(arn), "iam", form, out)
	}
	if strings.Contains(arn, ":role/") {
		return r.readOf(ask, "Role", roleName(arn))
	}
	policies, err := r.readOf(ask, "User", roleName(arn))
	if err != nil {
		return nil, err
	}
	var groups struct {
		Names []string `xml:"ListGroupsForUserResult>Groups>member>GroupName"`
	}
	if err := ask("ListGroupsForUser", &groups, "UserName", roleName(arn)); err != nil {
		return nil, err
	}
	for _, name := range groups.Names {
		more, err := r.readOf(ask, "Group", name)
		if err != nil {
			return nil, err
		}
		policies = append(policies, more...)
	}
	return policies, nil
}

// readOf reads the inline and the attached policies of a Role, a User or a Group.
func (r *sessions) readOf(ask func(string, any, ...string) error, kind, name string) ([]authorization.Policy, error) {
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
		d, err := r.readManaged(ask, arn)
		if err != nil {
			return nil, err
		}
		policies = append(policies, authorization.Policy{Name: arn, Document: d})
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
func (r *sessions) readManaged(ask func(string, any, ...string) error, arn string) (policy.Document, error) {
	r.mu.Lock()
	d, ok := r.managed[arn]
	r.mu.Unlock()
	if ok {
		return d, nil
	}
	var managed struct {
		Version string `xml:"GetPolicyResult>Policy>DefaultVersionId"`
	}
	if err := ask("GetPolicy", &managed, "PolicyArn", arn); err != nil {
		return d, err
	}
	var version struct {
		Document string `xml:"GetPolicyVersionResult>PolicyVersion>Document"`
	}
	if err := ask("GetPolicyVersion", &version, "PolicyArn", arn, "VersionId", managed.Version); err != nil {
		return d, err
	}
	d, err := parseDocument(version.Document)
	if err == nil && accountOf(arn) == "aws" {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.managed[arn] = d
	}
	return d, err
}

// parseDocument parses a policy from an answer of IAM, which has it with URL encoding.
func parseDocument(escaped string) (d policy.Document, err error) {
	text, err := url.QueryUnescape(escaped)
	if err != nil {
		return d, fmt.Errorf("reading a policy: %w", err)
	}
	return policy.Parse(text)
}

// decryptedBy returns the ARN of the key that encrypted the ciphertext of a call; empty if it
// can't be read. A ciphertext of moto's begins with the key's id.
func decryptedBy(c *proxy.Call) string {
	var in struct{ CiphertextBlob string }
	if json.Unmarshal(c.Body, &in) != nil {
		return ""
	}
	blob, err := base64.StdEncoding.DecodeString(in.CiphertextBlob)
	if err != nil || len(blob) < keyIDLength {
		return ""
	}
	return keyARN(c, string(blob[:keyIDLength]))
}

// keyIDLength is the length of the id of a KMS key, which is a UUID.
const keyIDLength = len("00000000-0000-0000-0000-000000000000")

// keyARN returns the ARN of a key from its ARN or its id; empty for an alias. An id means a key in
// the caller's account and region.
func keyARN(c *proxy.Call, key string) string {
	switch {
	case strings.HasPrefix(key, "arn:") && strings.Contains(key, ":key/"):
		return key
	case len(key) == keyIDLength:
		return "arn:aws:kms:" + c.Region + ":" + c.Caller.Account + ":key/" + key
	}
	return ""
}
