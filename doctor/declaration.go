package doctor

import (
	"context"
	"encoding/json"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"

	"github.com/coldstart-aws/coldstart/internal/project"
	"github.com/coldstart-aws/coldstart/organization"
)

// Linux limits one environment variable of a program to this size. Pulumi passes the project's
// defaults together with the declaration; the defaults take less than the reserve.
// https://man7.org/linux/man-pages/man2/execve.2.html (MAX_ARG_STRLEN)
const (
	maxVariable     = 128 << 10
	variableReserve = 8 << 10
)

// declaration finds out whether plain Pulumi can pass the declaration to its program, in the
// variable PULUMI_CONFIG.
func (x *examiner) declaration(context.Context) []Finding {
	size, err := handedOver(x.options.Dir)
	switch {
	case err != nil:
		return skipped(err.Error()) // Loading the declaration returns the same error.
	case size > maxVariable-variableReserve:
		return warning("use `coldstart preview` and `coldstart up`, which need no such variable",
			"plain `pulumi` hands %d KiB to the program of the stack master in PULUMI_CONFIG, and Linux allows %d: it ends with \"argument list too long\"",
			size>>10, maxVariable>>10)
	}
	return ok("plain `pulumi` hands over %d KiB of %d", size>>10, maxVariable>>10)
}

// handedOver returns the size of the declaration in bytes as Pulumi passes it.
func handedOver(dir string) (int, error) {
	stack, err := workspace.LoadProjectStack(nil, &workspace.Project{Name: project.Name}, filepath.Join(dir, organization.File))
	if err != nil {
		return 0, err
	}
	values, err := stack.Config.Decrypt(config.NopDecrypter)
	if err != nil {
		return 0, err
	}
	texts := map[string]string{}
	for key, value := range values {
		texts[key.String()] = value
	}
	content, err := json.Marshal(texts)
	return len(content), err
}
