package organization

// DeclarativePolicyEC2 is the type of policies that set what EC2 does in every region of an account.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative.html
const DeclarativePolicyEC2 = "DECLARATIVE_POLICY_EC2"

// DenyPublicEC2 is the guardrail of that type.
const DenyPublicEC2 = "deny-public-ec2"

// declarativeLibrary are the guardrails that are declarative policies. Their documents aren't IAM's, and depend on nothing.
var declarativeLibrary = map[string]string{
	// No snapshot of a volume and no image is shared with everybody, and nobody opens an instance's serial console. EC2 itself
	// sees to it, in every region, and nobody in the account can change it. Snapshots that are public are treated as private
	// for as long as the policy is attached. Images that are public stay public.
	// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative_syntax.html
	DenyPublicEC2: `{"ec2_attributes":{` +
		`"image_block_public_access":{"state":{"@@assign":"block_new_sharing"}},` +
		`"serial_console_access":{"status":{"@@assign":"disabled"}},` +
		`"snapshot_block_public_access":{"state":{"@@assign":"block_all_sharing"}}}}`,
}

// GuardrailContent returns the JSON of a guardrail of any type, without white space, and false if there is none of that name.
func (o *Organization) GuardrailContent(name string) (string, bool) {
	if content, ok := declarativeLibrary[name]; ok {
		return content, true
	}
	document, ok := o.Guardrail(name)
	if !ok {
		return "", false
	}
	content, err := document.JSON()
	return content, err == nil
}
