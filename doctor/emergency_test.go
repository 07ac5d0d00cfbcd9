package doctor

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestEmergencyUsers warns of users for emergencies who couldn't come in, and of whom nobody would hear.
func TestEmergencyUsers(t *testing.T) {
	t.Parallel()
	const none, one = `<ListMFADevicesResponse><ListMFADevicesResult><MFADevices></MFADevices></ListMFADevicesResult></ListMFADevicesResponse>`,
		`<ListMFADevicesResponse><ListMFADevicesResult><MFADevices><member><UserName>root</UserName><SerialNumber>arn:aws:iam::1:mfa/root</SerialNumber></member></MFADevices></ListMFADevicesResult></ListMFADevicesResponse>`
	for _, c := range []struct {
		name, devices string
		groups        []string
		alarms        string
		want          map[string]string
	}{
		{"nothing of it", none, []string{"master-admin"}, "", map[string]string{
			"users for emergencies":          "no MFA device, so that they can't assume a role: one, two",
			"alarm on users for emergencies": "nobody would hear that one, two are used",
			"roles of users for emergencies": "they enter these accounts only from the management account, by the access role: audit, prod",
		}},
		{"all of it", one, []string{"master-admin", "audit-admin", "prod-admin"}, "security@acme.example", map[string]string{"users for emergencies": "one, two can come in, and somebody hears of it"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.answers["ListMFADevices"] = answer{body: c.devices}
			w.org.Access.People, w.org.Security.Alarms = organization.PeopleIdentityCenter, c.alarms
			for _, name := range []string{"one", "two"} {
				w.org.Users[name] = organization.User{Emergency: true, Keybase: name, Groups: c.groups}
			}
			found := map[string]string{}
			for check, f := range w.examine(t) {
				if strings.HasSuffix(check, "users for emergencies") {
					found[check] = f.Found
				}
			}
			if diff := cmp.Diff(c.want, found); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
