package program

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/security"
)

// declareConformancePacks declares the conformance packs of AWS Config, if the account deploys them. The stacks of all other accounts come
// before this one, so that their recorders are on.
func (m *member) declareConformancePacks(recorders *security.Config) error {
	if m.org.ConformanceAccount() != m.name {
		return nil
	}
	if err := m.checkRecorded(); err != nil {
		return err
	}
	var others []security.Region
	for _, region := range m.org.OtherRegions() {
		others = append(others, security.Region{Name: region, Provider: m.regions[region]})
	}
	for _, name := range m.org.PackNames() {
		pack := m.org.Security.ConformancePacks[name]
		if pack.Template == "" && m.org.settings.AWS != nil { // A blueprint of a declaration needs no template.
			return fmt.Errorf("coldstart:security.conformancePacks.%s.template: %s wasn't read: run what organization.Load returns, or set Template", name, pack.File)
		}
		var excluded []pulumi.StringInput
		for _, account := range slices.Sorted(slices.Values(pack.Exclude)) {
			if _, declared := m.org.Accounts[account]; declared || account == organization.Master {
				excluded = append(excluded, m.idOf(account))
			} else {
				excluded = append(excluded, pulumi.String(account))
			}
		}
		_, err := security.NewConformancePack(m.ctx, organization.ConformanceName+"-"+name, &security.ConformancePackArgs{
			Name: m.org.PackName(name), Template: pack.Template, Parameters: pack.Parameters, Excluded: excluded, Others: others, After: recorders.On,
		}, m.in())
		if err != nil {
			return err
		}
	}
	return nil
}

// checkRecorded refuses conformance packs for accounts that the file doesn't declare and in which AWS Config doesn't record: AWS fails to
// deploy a pack there, and the update with it.
// https://docs.aws.amazon.com/config/latest/developerguide/conformance-pack-organization-apis.html
func (m *member) checkRecorded() error {
	asked := m.org.settings.AWS
	if asked == nil || m.org.settings.Plan != nil || m.org.settings.Find != nil || m.org.own.id == "" || len(m.org.Security.ConformancePacks) == 0 {
		return nil
	}
	states, err := asked.states(m.ctx.Context(), m.org.Organization)
	if err != nil {
		return fmt.Errorf("asking AWS for the states of accounts: %w", err)
	}
	maps.DeleteFunc(states, func(id string, a accountstate.Account) bool { return id == m.last.AccountID || !a.State.Active() })
	for name := range m.org.Accounts {
		delete(states, m.last.Accounts[name].ID)
	}
	for _, id := range slices.Sorted(maps.Keys(states)) {
		packs := slices.DeleteFunc(m.org.PackNames(), func(name string) bool { return slices.Contains(m.org.Security.ConformancePacks[name].Exclude, id) })
		if len(packs) == 0 {
			continue
		}
		without, err := asked.unrecorded(m.ctx.Context(), m.org.Organization, id)
		if err != nil || len(without) > 0 {
			return fmt.Errorf("coldstart:security.conformancePacks: the organization has account %s (%s), which the file doesn't declare, and AWS Config isn't known to record there in %s%s: "+
				"AWS can't deploy the conformance packs %s to it; declare the account, or write %q under exclude of these packs",
				id, states[id].Email, strings.Join(without, ", "), because(err), strings.Join(packs, ", "), id)
		}
	}
	return nil
}

// because returns an error as the end of a sentence.
func because(err error) string {
	if err == nil {
		return ""
	}
	return fmt.Sprintf(" (%v)", err)
}
