package automation

import (
	"context"
	"fmt"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/rootkeys"
)

// rootKeys warns of access keys of the management account's root user.
func (a *Automation) rootKeys(ctx context.Context) []string {
	cfg, err := awsconfig.Load(ctx, a.options.Env, a.org.Region)
	var present bool
	if err == nil {
		present, err = rootkeys.Present(ctx, cfg)
	}
	switch {
	case err != nil:
		return []string{fmt.Sprintf("whether the management account's root user has access keys couldn't be found out: %v", err)}
	case present:
		return []string{"the management account's root user has access keys, which no policy binds; delete them: " + rootkeys.Delete}
	}
	return nil
}
