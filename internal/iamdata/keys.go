package iamdata

import (
	"maps"
	"slices"
	"strings"
)

// Key is a condition key.
type Key struct {
	// Name is the key in AWS's spelling, with a variable where policies have the name of a tag:
	// aws:RequestTag/${TagKey}, s3:RequestObjectTag/<key>.
	Name string
	Type Type
}

// Type is the type of a key's values.
type Type string

// The types of values. Keys of the types that begin with ArrayOf are multivalued.
const (
	ARN           Type = "ARN"
	Bool          Type = "Bool"
	Date          Type = "Date"
	IPAddress     Type = "IPAddress"
	Numeric       Type = "Numeric"
	String        Type = "String"
	ArrayOfARN    Type = "ArrayOfARN"
	ArrayOfBool   Type = "ArrayOfBool"
	ArrayOfString Type = "ArrayOfString"
)

// Multivalued reports whether a request may have several values for the key, so that policies
// need ForAllValues or ForAnyValue.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (k Key) Multivalued() bool { return strings.HasPrefix(string(k.Type), "ArrayOf") }

// KeyOf reports whether AWS may send a key with an action. If it reports false, the key is absent
// from all requests for the action. It reports false for every key of an action that Find doesn't
// know.
//
// AWS may send a key that it lists for the action or for one of its resource types; a global key;
// and a key of an identity provider, as the sessions of its users keep such keys. Some services
// have keys that AWS lists for no action, as account:AccountResourceOrgPaths: AWS may send these
// with every action of the service.
func KeyOf(action, key string) (Key, bool) {
	s, name, found := find(action)
	if !found {
		return Key{}, false
	}
	listed, _ := Find(action)
	if k, ok := s.key(listed.Keys, key); ok {
		return k, true
	}
	if k, ok := sentEverywhere(s.prefix+":"+name, key); ok {
		return k, true
	}
	if k, ok := s.key(s.unlisted, key); ok {
		return k, true
	}
	return providersKey(key)
}

// Absent reports whether AWS sends a key with no request for an action, by the table: the key is one
// that a service of the table has for other actions only. A key that the table doesn't have at all may
// be new, and isn't absent.
func Absent(action, key string) bool {
	if _, _, found := find(action); !found {
		return false
	}
	if _, sent := KeyOf(action, key); sent {
		return false
	}
	prefix, _, _ := strings.Cut(key, ":")
	owner, known := load(prefix)
	if !known {
		return false
	}
	_, declared := owner.key(slices.Collect(maps.Keys(owner.Keys)), key)
	return declared
}

// key returns that one of the service's keys with these names that a policy's key is.
func (s *service) key(names []string, key string) (Key, bool) {
	for _, pattern := range names {
		if named(pattern, key) {
			return Key{pattern, s.Keys[pattern]}, true
		}
	}
	return Key{}, false
}

// named reports whether a key of a policy is the key with this name. A variable in the name,
// ${TagKey} or <key>, is for one character or more.
func named(name, key string) bool {
	before, rest, variable := cutVariable(name)
	if !variable {
		return strings.EqualFold(name, key)
	}
	if len(key) <= len(before) || !strings.EqualFold(key[:len(before)], before) {
		return false
	}
	for end := len(before) + 1; end <= len(key); end++ {
		if named(rest, key[end:]) {
			return true
		}
	}
	return false
}

// cutVariable cuts a name around its first variable.
func cutVariable(name string) (before, after string, found bool) {
	start := strings.IndexAny(name, "$<")
	if start < 0 {
		return name, "", false
	}
	length := strings.IndexAny(name[start:], "}>")
	if length < 0 {
		return name, "", false
	}
	return name[:start], name[start+length+1:], true
}

// providersKey returns a key of an identity provider, which any session may have that one of its
// users has: a claim of an OpenID Connect provider, whose prefix is the provider's address, or of
// SAML. AWS's list for STS has only some claims of well-known providers. It lacks even
// token.actions.githubusercontent.com:sub.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
func providersKey(key string) (Key, bool) {
	provider, claim, _ := strings.Cut(key, ":")
	saml := strings.EqualFold(provider, "saml")
	if claim == "" || !saml && !strings.Contains(provider, ".") {
		return Key{}, false
	}
	if sts, known := load("sts"); known {
		if k, ok := sts.key(slices.Sorted(maps.Keys(sts.Keys)), key); ok || saml {
			return k, ok
		}
	}
	return Key{key, String}, true
}
