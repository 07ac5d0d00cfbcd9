package proof

import "context"

// proveState proves where the account keeps the state of its programs and what
// encrypts its secrets.
func (p *prover) proveState(ctx context.Context, a *account) {
	name := p.org.Name(a.name, "state")
	a.proveBucket(ctx, "state", name+"-"+a.id, "alias/"+name)
	a.proveKey(ctx, "state", "alias/"+name)
	a.proveKey(ctx, "secrets", "alias/"+p.org.Name(a.name, "secrets"))
}
