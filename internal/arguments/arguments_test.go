package arguments_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
)

type item struct {
	Key   string `required:"true"`
	Other string
}

type args struct {
	Name  string             `required:"true"`
	ID    pulumi.StringInput `required:"true"`
	Names []string           `required:"true"`
	Items []item
	Tags  pulumi.StringMapInput
}

func TestCheck(t *testing.T) {
	t.Parallel()
	full := args{Name: "n", ID: pulumi.String(""), Names: []string{"a"}, Items: []item{{Key: "k"}}}
	for name, c := range map[string]struct {
		args *args
		want string
	}{
		"all":     {&full, ""},
		"nil":     {nil, `"x": args is nil`},
		"none":    {&args{}, "\"x\": args.Name is missing\n\"x\": args.ID is missing\n\"x\": args.Names is missing"},
		"in list": {&args{Name: "n", ID: full.ID, Names: full.Names, Items: []item{{Key: "k"}, {Other: "o"}}}, `"x": args.Items[1].Key is missing`},
	} {
		got := ""
		if err := arguments.Check("x", c.args); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
