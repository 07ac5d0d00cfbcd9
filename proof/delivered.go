package proof

import (
	"context"
	"fmt"
	"slices"

	"github.com/coldstart-aws/coldstart/organization"
)

// delivered is a bucket in the account of the archive that a service of AWS's writes to, besides the archive itself.
type delivered struct {
	// name is the last part of the names of the bucket and its key.
	name string
	// service is the service's name, and principal its service principal.
	service, principal string
	// writers are what the service writes for, in a sentence, and accounts the ids of their accounts.
	writers  string
	accounts []string
}

// proveExports proves the buckets that services export to, in the account that has them.
func (p *prover) proveExports(ctx context.Context, a *account) {
	if !p.org.HoldsArchive(a.name) {
		return
	}
	administrator, _ := p.accountID(p.org.Security.Account) // Without one, the proof fails.
	for _, e := range p.org.Exports() {
		a.proveDelivered(ctx, p, delivered{
			name: e.Name, service: e.Service, principal: e.Principal, writers: e.Service + " of account " + p.org.Security.Account, accounts: []string{administrator},
		})
	}
}

// exports reports whether a service exports what it finds.
func (p *prover) exports(name string) bool {
	return slices.ContainsFunc(p.org.Exports(), func(e organization.Export) bool { return e.Name == name })
}

// exportBucket returns the name of the bucket that a service exports to.
func (p *prover) exportBucket(name string) (string, error) {
	holder, err := p.accountID(p.org.Audit.Account)
	return p.org.Name(p.org.Audit.Account, name) + "-" + holder, err
}

// proveDelivered proves such a bucket and its key.
func (a *account) proveDelivered(ctx context.Context, p *prover, w delivered) {
	bucket, alias := p.org.Name(a.name, w.name)+"-"+a.id, "alias/"+p.org.Name(a.name, w.name)
	a.proveBucket(ctx, SubjectArchive, bucket, alias)
	a.proveKey(ctx, SubjectArchive, alias)
	a.claim(SubjectArchive, "bucket of "+w.service+" lets nobody but coldstart change it", func() error { return p.checkGuarded(ctx, a, bucket) })
	a.claim(SubjectArchive, "bucket of "+w.service+" lets in "+w.writers+" only", func() error {
		policy, err := a.bucketPolicy(ctx, bucket)
		if err != nil {
			return err
		}
		return policy.admitsOnly(w, "s3:PutObject", "")
	})
	a.claim(SubjectArchive, "key of "+w.service+" lets "+w.writers+" encrypt, and no others", func() error {
		policy, err := a.keyPolicy(ctx, alias)
		if err != nil {
			return err
		}
		return policy.admitsOnly(w, "kms:GenerateDataKey", a.id)
	})
}

// admitsOnly checks that a bucket or key policy allows a service to do granted for its writers, and allows nobody else anything but the
// account owner.
func (d *policyDocument) admitsOnly(w delivered, granted, owner string) error {
	found := false
	for _, s := range d.allows() {
		if owner != "" && s.speaksOnlyOf("AWS", rootARN(owner), owner) {
			continue
		}
		switch {
		case !s.speaksOnlyOf("Service", w.principal):
			return fmt.Errorf("%s lets in others than %s: %v", s, w.service, s.Principal)
		case !s.Condition.requires(equalsOperators(), "aws:SourceAccount", w.accounts...):
			return fmt.Errorf("%s isn't limited to %s by aws:SourceAccount", s, w.writers)
		}
		found = found || slices.Contains(s.Action, granted)
	}
	if !found {
		return fmt.Errorf("no statement allows %s %s", w.service, granted)
	}
	return nil
}
