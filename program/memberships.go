package program

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// memberships declares accounts, and what is attached to each of them.
type memberships struct {
	*declaration
	found      *found
	previous   *stackref.Master
	o          *accounts.Organization
	guardrails *accounts.Guardrails // nil if there are none
	all        map[string]*accounts.Account
}

func (m *memberships) declare(ctx *pulumi.Context, in pulumi.ResourceOption) error {
	names := m.AccountNames()
	creations := accounts.NewCreations(m.settings.pace(), m.previous == nil && !m.found.Adopts())
	for i, name := range names {
		account := m.Accounts[name]
		args := &accounts.AccountArgs{
			Name:          name,
			Email:         m.AccountEmail(name),
			ParentID:      m.o.Parent(account.Unit),
			AccessRole:    m.AccessRoleOf(name),
			CloseOnDelete: account.CloseOnDelete,
			KeepOnDelete:  account.KeepOnDelete,
			Tags:          tags(m.TagsOf(name)),
		}
		m.standings[name].declare(args, creations)
		if i >= accounts.AtOnce {
			args.After = m.all[names[i-accounts.AtOnce]]
		}
		// Its own guardrails may be what it loses with the unit that it leaves.
		moved := m.moved(name)
		if moved != "" {
			if err := m.attach(ctx, name, pulumi.String(moved)); err != nil {
				return err
			}
		}
		args.Guarded = m.guarded(name)
		var err error
		if m.all[name], err = accounts.NewAccount(ctx, name, args, in); err != nil {
			return err
		}
		if moved == "" {
			if err := m.attach(ctx, name, m.all[name].ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// moved returns the id of an account that the last run had in another unit; empty for any
// other account.
func (m *memberships) moved(name string) string {
	s := m.standings[name]
	if m.previous == nil || !s.state.Usable() || m.before(name, m.previous).Unit == m.Accounts[name].Unit {
		return ""
	}
	return m.before(name, m.previous).ID
}

// attach attaches the account's own guardrails.
func (m *memberships) attach(ctx *pulumi.Context, name string, id pulumi.StringInput) error {
	if m.guardrails == nil || m.standings[name].state == accountstate.Missing {
		return nil // There is nothing to attach, or nothing to attach it to.
	}
	for _, guardrail := range m.Accounts[name].Guardrails {
		if err := m.guardrails.Attach(ctx, attachment(organization.Attachment{Guardrail: guardrail, Account: name}, organization.Attachment{Account: m.standings[name].formerly}, id)); err != nil {
			return err
		}
	}
	return nil
}

// guarded returns what has to be there before an account comes to its unit: the guardrails
// of the root, of the units around it, and its own if they are attached already.
func (m *memberships) guarded(name string) []pulumi.CustomResource {
	if m.guardrails == nil {
		return nil
	}
	targets := []string{targetName(organization.Attachment{}), targetName(organization.Attachment{Account: name})}
	for unit := m.Accounts[name].Unit; unit != ""; unit = m.Units[unit].Parent {
		targets = append(targets, targetName(organization.Attachment{Unit: unit}))
	}
	return m.guardrails.On(targets...)
}

// declareGuardrails declares the guardrails that are attached to something, and attaches
// those of the root and of units. It returns nil if there are none.
func declareGuardrails(ctx *pulumi.Context, org *organization.Organization, o *accounts.Organization, found places, in pulumi.ResourceOption) (*accounts.Guardrails, error) {
	// While an organization is adopted it is left as it is: what the root hasn't
	// enabled yet waits for the update that brings it in line.
	if len(org.Attachments()) > 0 && !o.Allows(organization.ServiceControlPolicy) {
		return nil, ctx.Log.Info("guardrails follow with the next update, when the adopted organization has service control policies", nil)
	}
	args := &accounts.GuardrailsArgs{Organization: o, Tags: tags(tagsOfNoAccount(org))}
	for _, name := range org.GuardrailNames() {
		document, _ := org.Guardrail(name)
		content, err := document.JSON()
		if err != nil {
			return nil, err
		}
		args.Guardrails = append(args.Guardrails, accounts.Guardrail{Name: name, PolicyName: org.Namespace + "-" + name, Content: content})
	}
	if len(args.Guardrails) == 0 {
		return nil, nil
	}
	g, err := accounts.NewGuardrails(ctx, "guardrails", args, in)
	if err != nil {
		return nil, err
	}
	for _, a := range org.Attachments() {
		if a.Account != "" {
			continue
		}
		if err := g.Attach(ctx, attachment(a, organization.Attachment{Unit: found.was[a.Unit]}, o.Parent(a.Unit))); err != nil {
			return nil, err
		}
	}
	return g, nil
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
