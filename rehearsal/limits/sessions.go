package limits

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// sessions refuses calls that the policies of the session's role can't allow. moto lets every
// access key do everything. The rule reads the role's policies from the emulator: its inline
// policies, and the managed policies that are attached, AWS's managed policies included.
//
// Where the rule doesn't know enough, it decides for the caller. It ignores permissions
// boundaries. It knows the resources that calls name, and the condition keys of the caller, of the
// encryption context and of record sets. So AWS refuses every call that this rule refuses, unless a
// resource's own policy allows the role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
type sessions struct {
	w *world

	mu      sync.Mutex
	roles   map[string]*rolePolicies   // by the role's ARN
	managed map[string]policy.Document // AWS's managed policies, which all accounts share, by ARN
	access  map[string]bool            // names of access roles in new accounts
}

// rolePolicies has a role's policies, and caches decisions about them.
type rolePolicies struct {
	mu       sync.Mutex
	read     bool
	policies []authorization.Policy
	decided  map[string]bool // by session, action, resource and encryption context
}

func newSessions(w *world) *sessions {
	return &sessions{
		w: w, roles: map[string]*rolePolicies{}, managed: map[string]policy.Document{},
		access: map[string]bool{defaultAccessRole: true},
	}
}

// defaultAccessRole is the name of the access role that AWS Organizations creates in a new
// account, unless CreateAccount names another role. AWS attaches AdministratorAccess to it, and
// moto attaches nothing, so this rule doesn't evaluate the policies of access roles.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
const defaultAccessRole = "OrganizationAccountAccessRole"

func (*sessions) Name() string { return "not allowed by the role's policies" }

func (r *sessions) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	r.learn(c)
	if c.Caller.Role == "" || r.isAccess(c.Caller.Role) {
		return r.change(c, next(c))
	}
	action, resource := permission(c)
	if resource == "" {
		resource = resourceOf(c)
	}
	if action != "" && !r.may(c, action, resource, contextOf(c)) {
		return r.w.Refuse(c, unauthorized(c, action, resource, noIdentityPolicy(action)))
	}
	a := r.change(c, next(c))
	// Reading an object also needs kms:Decrypt on the object's key.
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
	key := keyARN(c, a.Header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"))
	if c.Is("s3", "GetObject") && key != "" && !r.may(c, "kms:Decrypt", key, contextOfObject(c, a)) {
		return r.w.Refuse(c, unauthorized(c, "kms:Decrypt", key, noIdentityPolicy("kms:Decrypt")))
	}
	return a
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
	name := c.Form.Get("RoleName")
	switch c.Action {
	case "AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy", "DeleteRolePolicy", "CreateRole", "DeleteRole":
	case "CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy":
		name = "" // Any role of the account may have the policy.
	default:
		return a
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for arn := range r.roles {
		if accountOf(arn) == c.Caller.Account && (name == "" || name == roleName(arn)) {
			delete(r.roles, arn)
		}
	}
	return a
}

// may reports whether the policies of the caller's role can allow an action on a resource. An empty
// resource means that the resource isn't known. If the emulator doesn't return the policies, may
// reports true.
func (r *sessions) may(c *proxy.Call, action, resource string, in encryptionContext) bool {
	held := r.held(c.Caller.Role)
	held.mu.Lock()
	defer held.mu.Unlock()
	if !held.read {
		policies, err := r.read(c.Context(), c.Caller.Role)
		if err != nil {
			return true
		}
		held.read, held.policies = true, policies
	}
	keys := recordKeys(c)
	asked := fmt.Sprint(c.Caller.ARN, " ", action, " ", resource, " ", in, " ", keys)
	allowed, known := held.decided[asked]
	if !known {
		maps.Copy(keys, in.keys(held.policies))
		q := authorization.Request{Action: action, Resource: resource, Principal: principal(c.Caller), Keys: keys}
		d := authorization.Decide(q, authorization.Policies{Identity: held.policies, Resource: delegating(c.Caller.Account)})
		allowed = d.Allowed() || d.Outcome == authorization.CantTell
		held.decided[asked] = allowed
	}
	return allowed
}

// delegating returns a resource policy that leaves it to the account's identity policies who may do
// what, as most key policies do. The resource's own policy is other rules' matter.
func delegating(account string) *authorization.Policy {
	return &authorization.Policy{Name: "delegating", Document: policy.Document{Statements: []policy.Statement{{
		Effect: policy.Allow, Principal: &policy.Principal{AWS: policy.List{account}}, Action: policy.List{"*"}, Resource: policy.List{"*"},
	}}}}
}

func (r *sessions) held(role string) *rolePolicies {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.roles[role] == nil {
		r.roles[role] = &rolePolicies{decided: map[string]bool{}}
	}
	return r.roles[role]
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

// read reads a role's inline and attached policies from the emulator.
func (r *sessions) read(ctx context.Context, role string) ([]authorization.Policy, error) {
	account, name := accountOf(role), roleName(role)
	ask := func(action string, out any, more ...string) error {
		form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return r.w.AskQuery(ctx, account, "iam", form, out)
	}
	var attached struct {
		ARNs []string `xml:"ListAttachedRolePoliciesResult>AttachedPolicies>member>PolicyArn"`
	}
	if err := ask("ListAttachedRolePolicies", &attached, "RoleName", name); err != nil {
		return nil, err
	}
	var policies []authorization.Policy
	for _, arn := range attached.ARNs {
		d, err := r.readManaged(ask, arn)
		if err != nil {
			return nil, err
		}
		policies = append(policies, authorization.Policy{Name: arn, Document: d})
	}
	var inline struct {
		Names []string `xml:"ListRolePoliciesResult>PolicyNames>member"`
	}
	if err := ask("ListRolePolicies", &inline, "RoleName", name); err != nil {
		return nil, err
	}
	for _, title := range inline.Names {
		var out struct {
			Document string `xml:"GetRolePolicyResult>PolicyDocument"`
		}
		if err := ask("GetRolePolicy", &out, "RoleName", name, "PolicyName", title); err != nil {
			return nil, err
		}
		d, err := parseDocument(out.Document)
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
