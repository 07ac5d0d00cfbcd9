//go:build e2e

package e2e

import (
	"bufio"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"github.com/coldstart-aws/coldstart/rehearsal"
)

// TestEmulatorEnablesIdentityCenter has coldstart emulator enable IAM Identity Center, in place of a person, when there is an organization. A
// rehearsal against it does the rest.
func TestEmulatorEnablesIdentityCenter(t *testing.T) {
	begin(t)
	cmd := exec.CommandContext(t.Context(), coldstart(), "emulator", "--identity-center", centerRegion)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	emulator, err := rehearsal.StartEmulator(t.Context(), rehearsal.EmulatorOptions{Endpoint: regexp.MustCompile(`http://[\d.:]+`).FindString(line)})
	must(t, err)
	cfg := emulator.Config(centerRegion)
	_, err = organizations.NewFromConfig(cfg).CreateOrganization(t.Context(), &organizations.CreateOrganizationInput{FeatureSet: orgtypes.OrganizationFeatureSetAll})
	must(t, err)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Second) {
		found, err := ssoadmin.NewFromConfig(cfg).ListInstances(t.Context(), &ssoadmin.ListInstancesInput{})
		must(t, err)
		if len(found.Instances) == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody has enabled IAM Identity Center within a minute")
		}
	}
}
