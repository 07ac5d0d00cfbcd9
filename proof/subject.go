package proof

// Subject is what a proof is about. Its values are those of the JSON field, and stay.
type Subject string

// The subjects of proofs.
const (
	SubjectAccount      Subject = "account"
	SubjectOrganization Subject = "organization"
	SubjectUnit         Subject = "unit"
	SubjectGuardrail    Subject = "guardrail"
	SubjectZone         Subject = "zone"
	SubjectDelegation   Subject = "delegation"
	SubjectLocal        Subject = "local"
	SubjectResolution   Subject = "resolution"
	SubjectState        Subject = "state"
	SubjectSecrets      Subject = "secrets"
	SubjectImage        Subject = "image"
	SubjectRole         Subject = "role"
	SubjectGroup        Subject = "group"
	SubjectUser         Subject = "user"
	SubjectGitHub       Subject = "github"
	SubjectPermissions  Subject = "permissions"
	SubjectSettings     Subject = "settings"
	SubjectParameter    Subject = "parameter"
	SubjectArchive      Subject = "archive"
	SubjectTrail        Subject = "trail"
	SubjectAlarms       Subject = "alarms"
)

// Topic is a group of subjects.
type Topic struct {
	Name     string
	Subjects []Subject
}

// Topics are the columns of a table of proofs. Every subject belongs to one topic.
var Topics = []Topic{
	{"organization", []Subject{SubjectOrganization, SubjectUnit, SubjectAccount}},
	{"guardrails", []Subject{SubjectGuardrail}},
	{"dns", []Subject{SubjectZone, SubjectDelegation, SubjectLocal, SubjectResolution}},
	{"state", []Subject{SubjectState, SubjectSecrets, SubjectImage}},
	{"access", []Subject{SubjectRole, SubjectGroup, SubjectUser, SubjectGitHub, SubjectPermissions}},
	{"settings", []Subject{SubjectSettings, SubjectParameter}},
	{"audit", []Subject{SubjectTrail, SubjectArchive, SubjectAlarms}},
}
