package program

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"golang.org/x/sync/errgroup"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/organization"
)

// declareGuardrails declares the guardrails that are attached to something, and attaches
// those of the root and of units.
func (m *master) declareGuardrails() error {
	org := m.org.Organization
	// While an organization is adopted it is left as it is: what the root hasn't
	// enabled yet waits for the update that brings it in line.
	for _, policyType := range org.GuardrailTypes() {
		if !m.organization.Allows(policyType) {
			return m.ctx.Log.Info("guardrails follow with the next update, when the adopted organization has "+organization.GuardrailKinds[policyType].Plural(), nil)
		}
	}
	args := &accounts.GuardrailsArgs{Organization: m.organization, Tags: tags(tagsOfNoAccount(org))}
	for _, name := range org.GuardrailNames() {
		content, _ := org.GuardrailContent(name)
		args.Guardrails = append(args.Guardrails, accounts.Guardrail{
			Name: name, PolicyName: org.Namespace + "-" + name, Type: org.GuardrailType(name), Content: content,
		})
	}
	if len(args.Guardrails) == 0 {
		return nil
	}
	var err error
	if m.guardrails, err = accounts.NewGuardrails(m.ctx, "guardrails", args, m.in()); err != nil {
		return err
	}
	for _, a := range org.Attachments() {
		if a.Account != "" {
			continue
		}
		if err := m.guardrails.Attach(m.ctx, attachment(a, organization.Attachment{Unit: m.was[a.Unit]}, m.organization.Parent(a.Unit))); err != nil {
			return err
		}
	}
	return nil
}

// attach attaches the account's own guardrails.
func (m *master) attach(name string, id pulumi.StringInput) error {
	if m.guardrails == nil || m.standings[name].state == accountstate.Missing {
		return nil // There is nothing to attach, or nothing to attach it to.
	}
	for _, guardrail := range m.org.Accounts[name].Guardrails {
		if err := m.guardrails.Attach(m.ctx, attachment(organization.Attachment{Guardrail: guardrail, Account: name}, organization.Attachment{Account: m.standings[name].formerly}, id)); err != nil {
			return err
		}
	}
	return nil
}

// guarded returns what has to be there before an account comes to its unit: the guardrails
// of the root, of the units around it, and its own if they are attached already.
func (m *master) guarded(name string) []pulumi.CustomResource {
	if m.guardrails == nil {
		return nil
	}
	targets := []string{targetName(organization.Attachment{}), targetName(organization.Attachment{Account: name})}
	for unit := m.org.Accounts[name].Unit; unit != ""; unit = m.org.Units[unit].Parent {
		targets = append(targets, targetName(organization.Attachment{Unit: unit}))
	}
	return m.guardrails.On(targets...)
}

// attachment returns what declares an attachment; was is what the state has in place of
// the unit or the account, if that has another key there.
func attachment(a, was organization.Attachment, id pulumi.StringInput) accounts.Attachment {
	declared := accounts.Attachment{Guardrail: a.Guardrail, Target: targetName(a), TargetID: id}
	if was != (organization.Attachment{}) {
		declared.Was = targetName(was)
	}
	return declared
}

// targetName returns the part of an attachment's name that says what it is attached to.
func targetName(a organization.Attachment) string { return strings.Replace(a.Target(), " ", "-", 1) }

// askedAtOnce is how many targets AWS is asked about at a time.
const askedAtOnce = 8

// checkAttached refuses guardrails that AWS would refuse to attach, since too many
// policies are attached to the same root, unit or account already.
func (m *master) checkAttached(rootID string) error {
	org := m.org.Organization
	var targets []organization.Attachment
	for _, a := range org.Attachments() {
		target := organization.Attachment{Unit: a.Unit, Account: a.Account}
		// What is created has no policy but AWS's own.
		if m.targetID(rootID, target) != "" && (len(targets) == 0 || targets[len(targets)-1] != target) {
			targets = append(targets, target)
		}
	}
	var group errgroup.Group
	group.SetLimit(askedAtOnce)
	types := org.GuardrailTypes()
	errs := make([]error, len(targets)*len(types))
	for i, target := range targets {
		for j, policyType := range types {
			group.Go(func() error {
				errs[i*len(types)+j] = m.checkTarget(m.targetID(rootID, target), target, policyType)
				return nil
			})
		}
	}
	return errors.Join(append(errs, group.Wait())...)
}

// checkTarget checks the policies of one type that are attached to a target, which AWS has.
func (m *master) checkTarget(id string, target organization.Attachment, policyType string) error {
	wanted := len(m.org.Wanted(target, policyType))
	if wanted == 0 {
		return nil
	}
	names, err := m.attached(id, policyType, wanted)
	if err != nil {
		return fmt.Errorf("asking AWS for the policies of %s: %w", target.Target(), err)
	}
	_, err = m.org.CheckAttached(target, policyType, names)
	return err
}

// attached returns the names of the policies of a type that a target has; none if there is room
// for as many more as are wanted, whatever their names.
func (m *master) attached(id, policyType string, wanted int) (names []string, err error) {
	in := pulumi.Provider(m.provider)
	found, err := organizations.GetPoliciesForTarget(m.ctx, &organizations.GetPoliciesForTargetArgs{TargetId: id, Filter: policyType}, in)
	if err != nil || len(found.Ids)+wanted <= organization.GuardrailKinds[policyType].Attached {
		return nil, err
	}
	for _, policy := range found.Ids {
		described, err := organizations.LookupPolicy(m.ctx, &organizations.LookupPolicyArgs{PolicyId: policy}, in)
		if err != nil {
			return nil, err
		}
		names = append(names, described.Name)
	}
	return names, nil
}

// targetID returns the id of what guardrails are attached to; empty if AWS doesn't have it.
func (m *master) targetID(rootID string, a organization.Attachment) string {
	switch {
	case a.Unit != "":
		return m.ids[a.Unit]
	case a.Account != "" && m.standings[a.Account].state.Usable():
		return m.standings[a.Account].id
	case a.Account != "":
		return ""
	}
	return rootID
}
