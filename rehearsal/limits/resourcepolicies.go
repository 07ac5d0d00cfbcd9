package limits

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// resourcePolicies are what buckets and KMS keys say themselves about who may do what, as the emulator has it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_identity-vs-resource.html
// https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
type resourcePolicies struct {
	w       *world
	buckets remembered[authorization.Policy] // by bucket; without statements for a bucket without a policy
	keys    remembered[authorization.Policy] // by the key's ARN
	// owners are the accounts of the buckets that were created through this proxy. encryptions are the default encryptions
	// of buckets.
	owners      remembered[string]
	encryptions remembered[encryption]
}

// encryption is how a bucket encrypts objects that are written without a word about encryption.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionRule.html
type encryption struct {
	Algorithm string `xml:"Rule>ApplyServerSideEncryptionByDefault>SSEAlgorithm"`
	Key       string `xml:"Rule>ApplyServerSideEncryptionByDefault>KMSMasterKeyID"`
	BucketKey bool   `xml:"Rule>BucketKeyEnabled"`
}

// of returns the policy of the bucket or the key that a request is about; nil for a request about something else.
func (r *resourcePolicies) of(c *proxy.Call, q authorization.Request) *authorization.Policy {
	var p authorization.Policy
	switch {
	case q.Action == createBucket:
		return nil
	case strings.HasPrefix(q.Resource, bucketARN):
		p = r.ofBucket(c, bucketOf(q.Resource))
	case strings.HasPrefix(q.Action, "kms:") && strings.Contains(q.Resource, ":key/"):
		p = r.keys.of(q.Resource, func() authorization.Policy {
			return r.w.keyPolicy(c.Context(), q.Resource)
		})
	default:
		return nil
	}
	return &p
}

// bucketARN is the beginning of the ARNs of buckets and objects.
const bucketARN = "arn:aws:s3:::"

// bucketOf returns the bucket in the ARN of a bucket or an object.
func bucketOf(arn string) string {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(arn, bucketARN), "/")
	return bucket
}

func (r *resourcePolicies) ofBucket(c *proxy.Call, bucket string) authorization.Policy {
	return r.buckets.of(bucket, func() authorization.Policy {
		document, status := r.w.bucket(c.Context(), r.w.Management, bucket, "policy")
		if status != http.StatusOK {
			return authorization.Policy{Name: bucket}
		}
		return parsed(bucket, string(document))
	})
}

// owner returns the account that owns a resource whose policy can let in other accounts; empty for the caller's own.
func (r *resourcePolicies) owner(resource string) string {
	if strings.HasPrefix(resource, bucketARN) {
		return r.owners.of(bucketOf(resource), func() string { return "" })
	}
	if strings.HasPrefix(resource, "arn:aws:kms:") {
		return accountOf(resource)
	}
	return ""
}

// encryption returns the default encryption of a bucket.
func (r *resourcePolicies) encryption(c *proxy.Call, bucket string) encryption {
	return r.encryptions.of(bucket, func() (e encryption) {
		if content, status := r.w.bucket(c.Context(), r.w.Management, bucket, "encryption"); status == http.StatusOK {
			_ = xml.Unmarshal(content, &e) // The emulator's answer.
		}
		return e
	})
}

// resourceAliases is the condition key with the aliases of a KMS key.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-resource-aliases
const resourceAliases = "kms:resourcealiases"

// aliases returns the aliases of a key; none of what isn't a key.
func (r *resourcePolicies) aliases(c *proxy.Call, key string) []string {
	var out struct{ Aliases []struct{ AliasName string } }
	if !strings.Contains(key, ":key/") || r.w.AskJSONIn(c.Context(), accountOf(key), regionOf(key), "kms", kmsTarget+"ListAliases", map[string]string{"KeyId": key}, &out) != nil {
		return nil
	}
	var names []string
	for _, a := range out.Aliases {
		names = append(names, a.AliasName)
	}
	return names
}

// learn remembers what a successful call has changed.
func (r *resourcePolicies) learn(c *proxy.Call) {
	switch {
	case c.Is("kms", "PutKeyPolicy"):
		var in struct{ Policy string }
		_ = json.Unmarshal(c.Body, &in) // The emulator has read it.
		key := cmp.Or(named(c), r.w.keyOf(c))
		r.keys.set(key, parsed(keyName(key), in.Policy))
	case c.Is("s3", "PutBucketPolicy"):
		r.buckets.set(c.Resource, parsed(c.Resource, string(c.Body)))
	case c.Is("s3", "DeleteBucketPolicy"):
		r.buckets.set(c.Resource, authorization.Policy{Name: c.Resource})
	case c.Is("s3", "PutBucketEncryption"):
		var e encryption
		_ = xml.Unmarshal(c.Body, &e) // The emulator has read it.
		r.encryptions.set(c.Resource, e)
	case c.Is("s3", "DeleteBucketEncryption"):
		r.encryptions.set(c.Resource, encryption{})
	case c.Is("s3", "CreateBucket"):
		r.owners.set(c.Resource, c.Caller.Account)
	case c.Is("s3", "DeleteBucket"):
		r.buckets.set(c.Resource, authorization.Policy{Name: c.Resource})
		r.encryptions.set(c.Resource, encryption{})
		r.owners.set(c.Resource, "")
	}
}

// keyName is what decisions call the policy of a key.
func keyName(arn string) string { return "of key " + keyID(arn) }

// delegating returns a resource policy that leaves it to the account's identity policies who may do
// what, as most key policies do.
func delegating(name, account string) authorization.Policy {
	return authorization.Policy{Name: name, Document: policy.Document{Statements: []policy.Statement{{
		Effect: policy.Allow, Principal: &policy.Principal{AWS: policy.List{account}}, Action: policy.List{"*"}, Resource: policy.List{"*"},
	}}}}
}

// remembered are values that the emulator has, by name. Each is read once, and then follows the calls that change it.
type remembered[T any] struct {
	mu    sync.Mutex
	known map[string]T
}

// of returns the value of a name, which read reads unless it is known.
func (m *remembered[T]) of(name string, read func() T) T {
	m.mu.Lock()
	value, known := m.known[name]
	m.mu.Unlock()
	if known {
		return value
	}
	value = read()
	m.mu.Lock()
	defer m.mu.Unlock()
	if later, known := m.known[name]; known {
		return later // Another call has changed the value meanwhile.
	}
	m.put(name, value)
	return value
}

// set notes that a call has changed the value of a name.
func (m *remembered[T]) set(name string, value T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(name, value)
}

// put keeps a value. The caller holds the lock.
func (m *remembered[T]) put(name string, value T) {
	if m.known == nil {
		m.known = map[string]T{}
	}
	m.known[name] = value
}
