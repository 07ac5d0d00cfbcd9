package limits

import (
	"encoding/json"
	"net/http"

	"github.com/coldstart-aws/coldstart/internal/eventpattern"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// eventsService is how requests to Amazon EventBridge are signed, and eventsTarget begins its actions in the X-Amz-Target header.
const (
	eventsService = "events"
	eventsTarget  = "AWSEvents."
)

// eventRules refuses a rule of Amazon EventBridge whose pattern AWS doesn't take, and to delete a rule that still has targets, which moto
// does. It says whether a pattern matches an event, which moto doesn't.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
type eventRules struct{ w *world }

func (eventRules) Name() string { return "event rule" }

func (r eventRules) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is(eventsService, "PutRule", "TestEventPattern", "DeleteRule") {
		return next(c)
	}
	var in struct{ Name, EventPattern, Event, EventBusName string }
	_ = json.Unmarshal(c.Body, &in) // The contract has checked the request.
	if c.Action == "DeleteRule" {
		if r.aims(c, in.Name, in.EventBusName) {
			return r.refuse(c, "ValidationException", "Rule can't be deleted since it has targets.")
		}
		return next(c)
	}
	if in.EventPattern == "" { // A rule with a schedule has none.
		return next(c)
	}
	pattern, err := eventpattern.Parse(in.EventPattern)
	if err != nil {
		return r.refuse(c, "InvalidEventPatternException", "Event pattern is not valid. Reason: "+err.Error())
	}
	if c.Action == "PutRule" {
		return next(c)
	}
	matches, err := pattern.Matches(in.Event)
	if err != nil {
		return r.refuse(c, "ValidationException", "Parameter Event is not valid. Reason: "+err.Error())
	}
	return r.w.Reply(c, map[string]bool{"Result": matches})
}

func (r eventRules) refuse(c *proxy.Call, code, message string) *proxy.Answer {
	return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: code, Message: message})
}

// aims reports whether a rule has targets.
func (r eventRules) aims(c *proxy.Call, rule, bus string) bool {
	in := map[string]string{"Rule": rule}
	if bus != "" {
		in["EventBusName"] = bus
	}
	var out struct{ Targets []struct{ ID string } }
	err := r.w.AskJSONIn(c.Context(), c.Caller.Account, c.Region, eventsService, eventsTarget+"ListTargetsByRule", in, &out)
	return err == nil && len(out.Targets) > 0 // The emulator says that there is no such rule.
}
