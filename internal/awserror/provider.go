package awserror

import (
	"regexp"
	"strings"
)

// The words of Terraform's AWS provider when it looks for something, as data sources do. They come
// to programs as texts, without AWS's error code.
const (
	// NoOrganization stands for AWSOrganizationsNotInUseException.
	NoOrganization = "couldn't find resource"
	// NoUnit says that a unit isn't there any more.
	NoUnit = "ParentNotFoundException"
	// NoGroup says that a directory of IAM Identity Center that exists has no group of a name.
	// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_GetGroupId.html
	NoGroup = "ResourceNotFoundException"
	// NoIdentityProvider says that an account has no identity provider with an issuer.
	NoIdentityProvider = "): not found"
	// NoPolicy says that an account has no policy with an ARN.
	NoPolicy = "couldn't find resource"
	// NoZone and SeveralZones say how many hosted zones match.
	NoZone       = "no matching Route 53 Hosted Zone found"
	SeveralZones = "multiple Route 53 Hosted Zones matched"
)

// NoCostExplorer are AWS's words where nobody has opened Cost Explorer. Users report them; AWS documents none.
// https://github.com/cloudgraphdev/cli/issues/91
const NoCostExplorer = "not enabled for cost explorer"

// Says reports whether an error has the words.
func Says(err error, words string) bool { return err != nil && strings.Contains(err.Error(), words) }

var noKeyOrBucket = regexp.MustCompile(`couldn't find resource|empty result|NotFound|NoSuchBucket|StatusCode: 404`)

// NoKeyOrBucket reports whether the provider says that a key or a bucket isn't there.
func NoKeyOrBucket(err error) bool { return err != nil && noKeyOrBucket.MatchString(err.Error()) }
