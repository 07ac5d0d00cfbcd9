package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/signin"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// AWSConfigOptions are those of `coldstart aws-config`.
type AWSConfigOptions struct {
	project
	user   string
	source string
	write  bool
	// identityCenter writes profiles that sign in by IAM Identity Center.
	identityCenter bool
	getenv         func(string) string
}

func newAWSConfig(streams terminal.Streams, run func(context.Context, *AWSConfigOptions) error) *cobra.Command {
	o := &AWSConfigOptions{project: project{declaration: declaration{streams: streams}}, getenv: os.Getenv}
	cmd := &cobra.Command{
		Use:   "aws-config",
		Short: "Write profiles of ~/.aws/config for every account and role",
		Long: `Aws-config prints a profile for every account and role, or for those that the
given user may assume, for ~/.aws/config. Each profile assumes its role from a session
of the user with MFA, which this coldstart gets: "coldstart login" asks for the code,
or the first program that needs it does. The AWS CLI, Pulumi, its AWS provider,
coldstart and whatever is written with an AWS SDK can use the profiles. Account ids
are those that the master stack exports, so it has to have run.

With --identity-center, the profiles sign in by IAM Identity Center instead, and
"aws sso login" signs in to all of them at once. Nobody needs an access key for that.
With coldstart:access.people: identity-center, they do so without that flag, but for
a --user for emergencies.

--write writes the profiles into ~/.aws/config, or into AWS_CONFIG_FILE, between two
lines that name the organization. The next time, what is between them is replaced;
the rest of the file is never changed.`,
		Example: "  coldstart aws-config --user ada --write\n" +
			"  aws configure --profile acme           # ada's own access key, once\n" +
			"  coldstart login --profile acme-prod-admin\n" +
			"  aws --profile acme-prod-admin sts get-caller-identity",
		Args: cobra.NoArgs,
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&o.user, "user", "", "whose profiles, and whose MFA device (named as the user is)")
	cmd.Flags().StringVar(&o.source, "source-profile", "", "profile with the user's own keys (default: the namespace)")
	cmd.Flags().BoolVar(&o.identityCenter, "identity-center", false, "write profiles that sign in by IAM Identity Center")
	cmd.Flags().BoolVar(&o.write, "write", false, "write the profiles into ~/.aws/config, in place of the profiles that an earlier --write wrote")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if run == nil {
			run = awsConfigRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func awsConfigRun(ctx context.Context, o *AWSConfigOptions) error {
	org, err := o.load()
	if err != nil {
		return err
	}
	if _, ok := org.Users[o.user]; o.user != "" && !ok {
		return usageError{fmt.Errorf("no user %q; coldstart:users has %q", o.user, slices.Sorted(maps.Keys(org.Users)))}
	}
	a, err := o.over(ctx, org, nil)
	if err != nil {
		return err
	}
	outputs, err := a.Outputs(ctx, organization.Master)
	if err != nil {
		return err
	}
	master, err := stackref.Decode[stackref.Master](organization.Master, outputs[organization.Master])
	if err != nil {
		return err
	}
	if master == nil {
		return fmt.Errorf("stack %s hasn't run yet, so there are no account ids; run `coldstart up` first", organization.Master)
	}
	var profiles strings.Builder
	if err := o.profiles(&profiles, org, master); err != nil {
		return err
	}
	if !o.write {
		_, err := io.WriteString(o.streams.Out, profiles.String())
		return err
	}
	return o.replaceProfiles(org.Namespace, profiles.String())
}

// profiles writes the profiles of one way in.
func (o *AWSConfigOptions) profiles(w io.Writer, org *organization.Organization, master *stackref.Master) error {
	if o.identityCenter || org.OnlyIdentityCenter() && !org.Users[o.user].Emergency {
		return writeIdentityCenterProfiles(w, org, master, o.user)
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding coldstart, which the profiles run: %w", err)
	}
	return writeProfiles(w, org, master, o.user, o.source, program)
}

// accountIDs returns the ids of all accounts that the master stack has, by name.
func accountIDs(master *stackref.Master) map[string]string {
	ids := map[string]string{organization.Master: master.AccountID}
	for name, account := range master.Accounts {
		ids[name] = account.ID
	}
	return ids
}

// writeIdentityCenterProfiles writes a profile for each permission set that the user is assigned in an account, and for all if there is no
// user. All of them sign in by one session.
// https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sso.html
func writeIdentityCenterProfiles(w io.Writer, org *organization.Organization, master *stackref.Master, user string) error {
	is := master.IdentityCenter
	switch {
	case !org.UsesIdentityCenter():
		return usageError{errors.New("nobody comes in by IAM Identity Center: write coldstart:access.people: both, and run `coldstart up`")}
	case org.Users[user].Emergency:
		return usageError{fmt.Errorf("%s is a user for emergencies, and doesn't come in by IAM Identity Center: leave --identity-center out", user)}
	case user != "" && org.Access.Directory == organization.DirectoryExternal:
		return usageError{errors.New("the identity provider alone knows which groups a user is in: leave --user out")}
	case is == nil || is.InstanceARN == "":
		return fmt.Errorf("stack %s knows no IAM Identity Center: enable it at %s, run `coldstart up`, then this again", organization.Master, organization.EnableIdentityCenterURL(org.Region))
	}
	fmt.Fprintf(w, "# aws sso login --sso-session %s\n[sso-session %[1]s]\nsso_start_url = https://%s.awsapps.com/start\nsso_region = %s\nsso_registration_scopes = sso:account:access\n",
		org.Namespace, is.IdentityStoreID, is.Region)
	ids, granted := accountIDs(master), org.GrantsOf(user)
	assigned := map[organization.Grant]bool{}
	for _, set := range slices.Concat(org.MasterPermissionSets(), org.PermissionSets()) {
		for _, a := range set.Assignments {
			assigned[organization.Grant{Account: a.Account, Role: set.Role}] = true
		}
	}
	for _, grant := range granted {
		id, ok := ids[grant.Account]
		switch {
		case !assigned[grant]:
			continue
		case !ok:
			return fmt.Errorf("account %s isn't in stack %s yet; run `coldstart up` first", grant.Account, organization.Master)
		}
		fmt.Fprintf(w, "\n[profile %s]\nregion = %s\nsso_session = %s\nsso_account_id = %s\nsso_role_name = %s\n",
			org.Name(grant.Account, grant.Role), org.Region, org.Namespace, id, org.PermissionSetName(grant.Account, grant.Role))
	}
	return nil
}

// anyUser stands for a user in profiles that are nobody's.
const anyUser = "YOUR_USER_NAME"

// writeProfiles writes a profile for each role that the user may assume, and for all
// roles if there is no user. All of them assume their role from one profile with MFA,
// whose credential_process is the given program, this coldstart: an mfa_serial in a
// profile makes the AWS CLI ask for a code, and every other program fail.
// https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-role.html
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
func writeProfiles(w io.Writer, org *organization.Organization, master *stackref.Master, user, source, program string) error {
	ids := accountIDs(master)
	if source == "" {
		source = org.Namespace
	}
	device := fmt.Sprintf("arn:aws:iam::%s:mfa/%s", ids[org.Access.Account], cmp.Or(user, anyUser))
	process, err := processLine(program, source, device, org.Access.MFAMaxAge)
	if err != nil {
		return err
	}
	mfa := signin.MFAProfile(source)
	fmt.Fprintf(w, "# Your own access key is in this profile: aws configure --profile %s\n", source)
	fmt.Fprintf(w, "[profile %s]\nregion = %s\n", source, org.Region)
	fmt.Fprintf(w, "\n# The same user, after an MFA code: coldstart login --profile %s\n", mfa)
	fmt.Fprintf(w, "[profile %s]\nregion = %s\ncredential_process = %s\n", mfa, org.Region, process)
	for _, grant := range org.GrantsOf(user) {
		id, ok := ids[grant.Account]
		if !ok {
			return fmt.Errorf("account %s isn't in stack %s yet; run `coldstart up` first", grant.Account, organization.Master)
		}
		role := org.Name(grant.Account, grant.Role)
		// Without duration_seconds the AWS CLI asks for an hour, and AWS's SDK for Go, and so Pulumi, for a quarter of one.
		fmt.Fprintf(w, "\n[profile %s]\nregion = %s\nsource_profile = %s\nrole_arn = %s\nduration_seconds = %d\n",
			role, org.Region, mfa, organization.RoleARN(id, role), int(org.Access.Roles[grant.Role].Session.Seconds()))
	}
	return nil
}

// processLine returns a credential_process that a shell (the AWS SDK for Go) and a splitter
// of words (the AWS CLI) understand as the same.
func processLine(program, source, device string, maxAge time.Duration) (string, error) {
	for _, text := range []string{program, source} {
		if strings.ContainsAny(text, "'\n\r") || startsComment.MatchString(text) {
			return "", fmt.Errorf("a profile can't name %q: give the folder of coldstart, or your profile, a name without quotes, line ends, and # or ; behind a space", text)
		}
	}
	line := fmt.Sprintf("'%s' credentials --profile '%s' --mfa-device %s", program, source, device)
	if maxAge > 0 {
		line += " --max-age " + maxAge.String()
	}
	return line, nil
}

// startsComment begins a comment in ~/.aws/config.
var startsComment = regexp.MustCompile(`\s[#;]`)
