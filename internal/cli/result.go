package cli

import (
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/automation"
)

// resultHelp documents what --json prints of stacks.
const resultHelp = `preview, up, refresh, drift, destroy and state recover print one object:
  operation  preview, up, refresh, drift or destroy
  seconds    how long it took
  stacks     a list, in dependency order, of
    stack    its name
    status   succeeded, failed, skipped, or absent: it doesn't exist
    changes  numbers by operation: create, update, replace, delete, import, same
    seconds  how long it took
    error    why it failed or was skipped, if so
    steps    a list of {urn, type, name, operation, id, protected, diff}, of which
             diff is a list of {path, kind, old, new, replaces}; kind is add, delete
             or update; values are JSON, "[secret]" or "[unknown]"
    effects  what the steps of a preview, up or destroy mean: a list of {weight, says,
             urn}; weight is final (can't be undone), refused or notable
    unfinished  what an interruption left under way, if so: {urn, type, name, operation}
    kept     what a destroy has left in AWS, if anything, in words
  warnings   what a person should look after, though nothing failed`

// resultFlag adds --json to a command that runs stacks.
func (p *project) resultFlag(cmd *cobra.Command) {
	p.jsonFlag(cmd, "nothing but one JSON object: {operation, seconds, stacks, warnings}; see coldstart help json")
}

// resultJSON is the shape of a result of stacks for other programs.
type resultJSON struct {
	Operation automation.Operation `json:"operation"`
	Seconds   float64              `json:"seconds"`
	Stacks    []stackJSON          `json:"stacks"`
	Warnings  []string             `json:"warnings"`
}

type stackJSON struct {
	Stack   string             `json:"stack"`
	Status  automation.Status  `json:"status"`
	Changes automation.Changes `json:"changes"`
	Seconds float64            `json:"seconds"`
	Error   string             `json:"error,omitempty"`
	Steps   []automation.Step  `json:"steps"`
	// Effects are what steps mean.
	Effects []effectJSON `json:"effects"`
	// Unfinished is what an interruption left under way.
	Unfinished []automation.Resource `json:"unfinished,omitempty"`
	// Kept is what a destroy has left in AWS.
	Kept []string `json:"kept,omitempty"`
}

type effectJSON struct {
	Weight automation.Weight `json:"weight"`
	Says   string            `json:"says"`
	URN    string            `json:"urn"`
}

// writeResult writes a result as resultHelp says. Nothing in it is null.
func writeResult(w io.Writer, result *automation.Result) error {
	return writeJSON(w, jsonOf(result))
}

func jsonOf(result *automation.Result) resultJSON {
	shape := resultJSON{
		Operation: result.Operation, Seconds: rounded(result.Duration),
		Stacks: []stackJSON{}, Warnings: append([]string{}, result.Warnings...),
	}
	for i := range result.Stacks {
		s := &result.Stacks[i]
		stack := stackJSON{
			Stack: s.Stack, Status: s.Status, Changes: s.Changes, Seconds: rounded(s.Duration),
			Steps: append([]automation.Step{}, s.Steps...), Effects: []effectJSON{}, Unfinished: s.Unfinished, Kept: s.Kept,
		}
		if result.Operation != automation.OperationRefresh && result.Operation != automation.OperationDrift { // Their steps were done by others.
			for _, e := range s.Effects() {
				stack.Effects = append(stack.Effects, effectJSON{Weight: e.Weight, Says: e.Says, URN: e.Step.URN})
			}
		}
		if stack.Changes == nil {
			stack.Changes = automation.Changes{}
		}
		if s.Err != nil {
			stack.Error = s.Err.Error()
		}
		shape.Stacks = append(shape.Stacks, stack)
	}
	return shape
}

// rounded returns as many digits of the seconds as are worth reading.
func rounded(d time.Duration) float64 { return math.Round(d.Seconds()*10) / 10 }
