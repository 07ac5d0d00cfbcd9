package limits

import "github.com/coldstart-aws/coldstart/internal/awslimits"

// Numbers are AWS's numbers, which the rules enforce: quotas, sizes, durations and rates,
// each with its source and date.
type Numbers = awslimits.Numbers

// Published returns the numbers that AWS publishes. The caller may change them and hand
// them over in Options.
func Published() Numbers { return awslimits.Published() }
