package proof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/defaultvpcs"
	"github.com/coldstart-aws/coldstart/organization"
)

// proveDefaultVPCs proves that an account has no default VPC, if the declaration has them removed. AWS makes none in
// regions that aren't enabled in the account.
func (p *prover) proveDefaultVPCs(ctx context.Context, a *account) {
	if p.org.Baseline.DefaultVPCs != organization.RemoveDefaultVPCs {
		return
	}
	a.claim(SubjectSettings, "no default VPC is left in any enabled region", func() error {
		found, err := p.findDefaultVPCs(ctx, a)
		if err != nil {
			return err
		}
		return noneLeft(found, a.name)
	})
}

// findDefaultVPCs finds the account's default VPCs, in the regions that the caller can enter.
func (p *prover) findDefaultVPCs(ctx context.Context, a *account) (defaultvpcs.Found, error) {
	found, err := defaultvpcs.Find(ctx, a.cfg, 0)
	if p.planning {
		found.Unread = slices.DeleteFunc(found.Unread, p.shut)
	}
	return found, err
}

// leftDefaultVPCs describes the account's default VPCs, if the declaration has them removed.
func (p *prover) leftDefaultVPCs(ctx context.Context, a *account) (left []Stranger, err error) {
	if p.org.Baseline.DefaultVPCs != organization.RemoveDefaultVPCs {
		return nil, nil
	}
	found, err := p.findDefaultVPCs(ctx, a)
	for _, u := range found.Unread {
		err = errors.Join(err, fmt.Errorf("default VPC in %s: %w", u.Region, u.Err))
	}
	for _, v := range found.VPCs {
		text, remedy := "default VPC "+v.String(), "run `coldstart up "+a.name+"`, which removes it"
		if len(v.Holds) > 0 {
			text += " holds " + strings.Join(v.Holds, ", ")
			remedy = "move that to another VPC and run `coldstart up " + a.name + "`, or write `keep` in coldstart:baseline.defaultVpcs"
		}
		left = append(left, Stranger{a.name, SubjectSettings, text, remedy})
	}
	return left, err
}

// shut reports whether a guardrail lets the plan role into no region but the allowed ones, so that nobody can tell of this one.
func (p *prover) shut(u defaultvpcs.Unread) bool {
	allowed := p.org.Guardrails.Regions
	return len(allowed) > 0 && !slices.Contains(allowed, u.Region) && awserror.Unauthorized(u.Err)
}

// shutRegions says which claim is about some regions only.
func (p *prover) shutRegions() string {
	if !p.planning || p.org.Baseline.DefaultVPCs != organization.RemoveDefaultVPCs || len(p.org.Guardrails.Regions) == 0 {
		return ""
	}
	return "whether default VPCs are left outside of " + strings.Join(p.org.Guardrails.Regions, ", ") +
		": the guardrail " + organization.AllowedRegions + " lets plan roles into no other region"
}

// noneLeft returns an error if a default VPC is left, or may be.
func noneLeft(found defaultvpcs.Found, account string) error {
	var held, texts []string
	for _, v := range found.VPCs {
		text := "there is " + v.String()
		if len(v.Holds) > 0 {
			held = append(held, v.ID)
			text += ", which holds " + strings.Join(v.Holds, ", ")
		}
		texts = append(texts, text)
	}
	for _, u := range found.Unread {
		texts = append(texts, fmt.Sprintf("%s can't be read: %s", u.Region, detail(u.Err)))
	}
	if len(texts) == 0 {
		return nil
	}
	err := errors.New(strings.Join(texts, "; "))
	if len(held) == 0 {
		return remedied(err, "run `coldstart up %s`, which removes default VPCs that hold nothing", account)
	}
	return remedied(err, "move what %s holds to another VPC and run `coldstart up %s`, which removes default VPCs that hold nothing; or write `keep` in coldstart:baseline.defaultVpcs",
		strings.Join(held, ", "), account)
}
