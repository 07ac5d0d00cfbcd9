package proof

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/coldstart-aws/coldstart/organization"
)

// Outdated finds what earlier versions of coldstart have created in another way: guardrails,
// the archive, S3 Bucket Keys of state buckets, and zones that share a name server with the
// parent zone. It returns the claims that don't hold, in the order of Prove. It leaves out what
// doesn't exist yet, and accounts that can't be entered. An account costs about four requests.
// Of o, it uses Env. The error says that the management account can't be asked, or that ctx has
// ended.
func Outdated(ctx context.Context, org *organization.Organization, o Options) ([]Proof, error) {
	p, err := newProver(ctx, org, Options{Env: o.Env, NoDNS: true})
	if err != nil {
		return nil, err
	}
	var g errgroup.Group
	g.SetLimit(provedAtOnce)
	for _, a := range p.accounts {
		g.Go(func() error {
			if a.unreachable == nil {
				p.proveOutdated(ctx, a)
			}
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var wrong []Proof
	for _, a := range p.accounts {
		wrong = append(wrong, slices.DeleteFunc(a.proofs, func(p Proof) bool { return p.Holds })...)
	}
	return wrong, nil
}

func (p *prover) proveOutdated(ctx context.Context, a *account) {
	if a == p.master() && p.organization != nil {
		p.proveExistingGuardrails(ctx, a)
	}
	domain := p.org.ZoneName(a.name)
	if z, err := findZone(ctx, a.route53, domain); err == nil {
		a.zone = z
		p.proveApart(a, domain)
	}
	if bucket := p.org.Name(a.name, "state") + "-" + a.id; a.checkOwned(ctx, bucket) == nil {
		a.proveKeyByObject(ctx, bucket)
	}
	if p.org.HoldsArchive(a.name) && a.checkOwned(ctx, p.archiveBucket(a)) == nil {
		p.proveGuarded(ctx, a)
	}
}

func (p *prover) proveExistingGuardrails(ctx context.Context, a *account) {
	ids, err := guardrailIDs(ctx, a.organizations, p.controlTypes())
	if err != nil {
		return // There may be no such policies yet.
	}
	for _, name := range p.org.GuardrailNames() {
		if id := ids[p.guardrailName(name)]; id != "" {
			p.proveGuardrail(ctx, a, name, id, nil)
		}
	}
}
