package limits

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// pendingKeys refuses to use a KMS key whose deletion is scheduled, and to read or write S3
// objects that the key encrypts. moto only notes the date of the deletion.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
// https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
//
// The rule learns of such keys from the calls that schedule and cancel deletions. It asks the
// emulator nothing while no key is pending deletion.
type pendingKeys struct {
	w         *world
	resources *resourcePolicies

	mu   sync.RWMutex
	arns map[string]string // the ARNs of keys that are pending deletion, by key id
}

func newPendingKeys(w *world, resources *resourcePolicies) *pendingKeys {
	return &pendingKeys{w: w, resources: resources, arns: map[string]string{}}
}

func (*pendingKeys) Name() string { return "key pending deletion" }

// keyUses are the actions that KMS refuses for a key that is pending deletion. KMS still describes
// and lists such a key, and changes its policy and its aliases.
var keyUses = []string{
	"CreateAlias", "CreateGrant", "Decrypt", "DisableKey", "DisableKeyRotation", "EnableKey", "EnableKeyRotation", "Encrypt",
	"GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext",
	"GenerateMac", "ReEncrypt", "RotateKeyOnDemand", "ScheduleKeyDeletion", "Sign", "TagResource", "UntagResource",
	"UpdateKeyDescription", "Verify", "VerifyMac",
}

func (r *pendingKeys) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	switch c.Service {
	case "kms":
		return r.ofKMS(c, next)
	case "s3":
		return r.ofS3(c, next)
	}
	return next(c)
}

func (r *pendingKeys) ofKMS(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if r.any() && slices.Contains(keyUses, c.Action) {
		for _, key := range keysOf(c) {
			if arn := r.pending(c, key); arn != "" {
				return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "KMSInvalidStateException", Message: arn + " is pending deletion."})
			}
		}
	}
	a := next(c)
	var key struct{ KeyID string }
	if a.OK() && c.Is("kms", "ScheduleKeyDeletion", "CancelKeyDeletion") && json.Unmarshal(a.Body, &key) == nil {
		r.note(c, key.KeyID)
	}
	return a
}

// note remembers that a call has scheduled or cancelled the deletion of a key. Key is the key's
// ARN or id.
func (r *pendingKeys) note(c *proxy.Call, key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Action == "CancelKeyDeletion" {
		delete(r.arns, keyID(key))
		return
	}
	if !strings.HasPrefix(key, "arn:") {
		key = "arn:aws:kms:" + c.Region + ":" + c.Caller.Account + ":key/" + key
	}
	r.arns[keyID(key)] = key
}

// keyID returns the id of a key from its ARN or its id.
func keyID(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }

func (r *pendingKeys) any() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.arns) > 0
}

// keysOf returns the keys that a call of KMS uses, by id, ARN or alias. A ciphertext of moto's
// begins with the key's id.
func keysOf(c *proxy.Call) []string {
	var in struct{ KeyID, TargetKeyID, SourceKeyID, DestinationKeyID string }
	if json.Unmarshal(c.Body, &in) != nil {
		return nil
	}
	keys := []string{in.KeyID, in.TargetKeyID, in.SourceKeyID, in.DestinationKeyID}
	if key := decryptedBy(c); key != "" {
		keys = append(keys, key)
	}
	return slices.DeleteFunc(keys, func(key string) bool { return key == "" })
}

// pending returns the ARN of a key if the key is pending deletion; empty if it isn't.
func (r *pendingKeys) pending(c *proxy.Call, key string) string {
	if i := strings.Index(key, "alias/"); i >= 0 {
		key = r.w.aliased(c, key)
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.arns[keyID(key)]
}

// keyHeader is the header of S3's requests and answers with the KMS key of an object.
const keyHeader = "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"

// unencrypted are the query parameters of an object's settings, which no key encrypts.
var unencrypted = []string{"acl", "legal-hold", "retention", "tagging"}

// ofS3 refuses to read or write an object if KMS refuses the object's key. S3's error code is then
// "KMS." and the error code of KMS.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
func (r *pendingKeys) ofS3(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !r.any() || slices.ContainsFunc(unencrypted, c.URL.Query().Has) {
		return next(c)
	}
	switch c.Action {
	case "GetObject", "HeadObject":
		a := next(c)
		if key := a.Header.Get(keyHeader); a.OK() && key != "" {
			return r.unless(c, a, r.pending(c, key))
		}
		return a
	case "PutObject", "PostObject":
		key := cmp.Or(c.Header.Get(keyHeader), r.resources.encryption(c, c.Resource).Key)
		if arn := r.pending(c, key); arn != "" {
			return r.unless(c, nil, arn)
		}
	}
	return next(c)
}

// unless refuses a call if arn isn't empty: it is the ARN of a key that is pending deletion. If
// arn is empty, unless returns the answer.
func (r *pendingKeys) unless(c *proxy.Call, a *proxy.Answer, arn string) *proxy.Answer {
	if arn == "" {
		return a
	}
	return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "KMS.KMSInvalidStateException", Message: arn + " is pending deletion."})
}
