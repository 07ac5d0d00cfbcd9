package limits

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/internal/authorization"
	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// sessions refuses what the policies of a session's role can't allow: moto lets every
// key do everything. The policies are the emulator's own: those attached to the role,
// AWS's managed ones as AWS publishes them, and those in the role.
//
// What isn't known here counts for the caller: a boundary, the resource of every call
// but one that decrypts, and the condition of a statement that allows, but for what it
// says about the encryption context. So a call that is
// refused here is refused by AWS, unless a resource's own policy names the role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
type sessions struct {
	w *world

	mu      sync.Mutex
	roles   map[string]*rolePolicies   // by the role's ARN
	managed map[string]policy.Document // AWS's own, which are the same in every account
	access  map[string]bool            // names of roles that Organizations makes in new accounts
}

// rolePolicies is what a role may do, and what was decided about it already.
type rolePolicies struct {
	mu        sync.Mutex
	read      bool
	documents []policy.Document
	decided   map[string]bool // by action, resource and encryption context
}

func newSessions(w *world) *sessions {
	return &sessions{
		w: w, roles: map[string]*rolePolicies{}, managed: map[string]policy.Document{},
		access: map[string]bool{defaultAccessRole: true},
	}
}

// defaultAccessRole is the role of an account that Organizations creates, with
// AdministratorAccess. moto makes it without any policy.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
const defaultAccessRole = "OrganizationAccountAccessRole"

func (*sessions) Name() string { return "not allowed by the role's policies" }

func (r *sessions) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	r.learn(c)
	if c.Caller.Role == "" || r.isAccess(c.Caller.Role) {
		return r.change(c, next(c))
	}
	action, resource := permission(c)
	if action != "" && !r.may(c.Context(), c.Caller.Role, action, resource, contextOf(c)) {
		return r.w.Refuse(c, unauthorized(c, action, resource))
	}
	a := r.change(c, next(c))
	// Reading an object takes its key, too.
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
	key := keyARN(c, a.Header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"))
	if c.Is("s3", "GetObject") && key != "" && !r.may(c.Context(), c.Caller.Role, "kms:Decrypt", key, contextOfObject(c, a)) {
		return r.w.Refuse(c, unauthorized(c, "kms:Decrypt", key))
	}
	return a
}

// learn notes the names of the roles by which new accounts are entered.
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

// change forgets what a successful call may have changed.
func (r *sessions) change(c *proxy.Call, a *proxy.Answer) *proxy.Answer {
	if !a.OK() || c.Service != "iam" {
		return a
	}
	name := c.Form.Get("RoleName")
	switch c.Action {
	case "AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy", "DeleteRolePolicy", "CreateRole", "DeleteRole":
	case "CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy":
		name = "" // Any role may have it.
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

// may reports whether a role's policies can allow an action on a resource; an empty
// one isn't known. What the emulator doesn't tell is left to it.
func (r *sessions) may(ctx context.Context, role, action, resource string, in encryptionContext) bool {
	held := r.held(role)
	held.mu.Lock()
	defer held.mu.Unlock()
	if !held.read {
		documents, err := r.read(ctx, role)
		if err != nil {
			return true
		}
		held.read, held.documents = true, documents
	}
	asked := fmt.Sprint(action, " ", resource, " ", in)
	allowed, known := held.decided[asked]
	if !known {
		allowed = canAllow(held.documents, action, resource, in)
		held.decided[asked] = allowed
	}
	return allowed
}

func (r *sessions) held(role string) *rolePolicies {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.roles[role] == nil {
		r.roles[role] = &rolePolicies{decided: map[string]bool{}}
	}
	return r.roles[role]
}

// canAllow evaluates the policies of an identity.
func canAllow(documents []policy.Document, action, resource string, in encryptionContext) bool {
	allowed := false
	for _, d := range documents {
		for _, s := range d.Statements {
			switch {
			case !authorization.IsAbout(s, action):
			case s.Effect == policy.Allow:
				allowed = allowed || (resource == "" || authorization.IsOn(s, resource)) && in.mayBe(s.Condition)
			case len(s.Condition) == 0 && covers(s, resource):
				return false
			}
		}
	}
	return allowed
}

// encryptionContext are the condition keys of a request that decrypts; nil if they
// aren't known.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context
type encryptionContext map[string]string

const encryptionContextKey = "kms:EncryptionContext"

// mayBe reports whether what a condition says about the encryption context holds.
func (e encryptionContext) mayBe(condition policy.Condition) bool {
	for operator, keys := range condition {
		for key, values := range keys {
			about := strings.HasPrefix(strings.ToLower(key), strings.ToLower(encryptionContextKey))
			if e != nil && about && !authorization.Holds(policy.Condition{operator: {key: values}}, e) {
				return false
			}
		}
	}
	return true
}

// contextOf returns the encryption context of a call of KMS that decrypts.
func contextOf(c *proxy.Call) encryptionContext {
	var in struct{ EncryptionContext map[string]string }
	if !c.Is("kms", "Decrypt") || json.Unmarshal(c.Body, &in) != nil {
		return nil
	}
	e := encryptionContext{}
	for name, value := range in.EncryptionContext {
		e[encryptionContextKey+":"+name] = value
		e[encryptionContextKey+"Keys"] = name
	}
	return e
}

// contextOfObject returns the encryption context by which S3 asks KMS for an object that
// is read: the object, or its bucket alone if the object was written with an S3 Bucket
// Key.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context
func contextOfObject(c *proxy.Call, a *proxy.Answer) encryptionContext {
	arn := "arn:aws:s3:::" + strings.TrimPrefix(c.URL.Path, "/")
	if strings.EqualFold(a.Header.Get("X-Amz-Server-Side-Encryption-Bucket-Key-Enabled"), "true") {
		arn, _, _ = strings.Cut(arn, "/")
	}
	return encryptionContext{encryptionContextKey + ":aws:s3:arn": arn, encryptionContextKey + "Keys": "aws:s3:arn"}
}

// covers reports whether a statement is about a resource; of one that isn't known,
// whether the statement is about all.
func covers(s policy.Statement, resource string) bool {
	return authorization.IsOn(s, resource) && (resource != "" || len(s.NotResource) == 0)
}

// read asks the emulator for a role's policies.
func (r *sessions) read(ctx context.Context, role string) ([]policy.Document, error) {
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
	var documents []policy.Document
	for _, arn := range attached.ARNs {
		d, err := r.readManaged(ask, arn)
		if err != nil {
			return nil, err
		}
		documents = append(documents, d)
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
		documents = append(documents, d)
	}
	return documents, nil
}

// readManaged asks for a managed policy, for one of AWS's only once.
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

// parseDocument parses a policy as IAM's answers hold it.
func parseDocument(escaped string) (d policy.Document, err error) {
	text, err := url.QueryUnescape(escaped)
	if err != nil {
		return d, fmt.Errorf("reading a policy: %w", err)
	}
	return policy.Parse(text)
}

// decryptedBy returns the key that a ciphertext says it is encrypted with. moto's
// begin with the key's id.
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

// keyIDLength is that of a UUID, which keys of KMS are named by.
const keyIDLength = len("00000000-0000-0000-0000-000000000000")

// keyARN returns a key's ARN, of one that is named by its id the ARN in the caller's
// account; an alias isn't resolved.
func keyARN(c *proxy.Call, key string) string {
	switch {
	case strings.HasPrefix(key, "arn:") && strings.Contains(key, ":key/"):
		return key
	case len(key) == keyIDLength:
		return "arn:aws:kms:" + c.Region + ":" + c.Caller.Account + ":key/" + key
	}
	return ""
}
