package limits

import "github.com/coldstart-aws/coldstart/internal/awslimits"

// AWS's numbers, which the rules enforce. All of coldstart has them from one table.
type (
	// Numbers are AWS's quotas, sizes, durations and rates, each with its source and date.
	Numbers = awslimits.Numbers
	// Rate is how many calls a second AWS answers, and how many at once.
	Rate = awslimits.Rate
	// Quota is how many of something there may be.
	Quota = awslimits.Quota
	// Regions are the regions in which AWS has something.
	Regions = awslimits.Regions
	// Duration is how long AWS takes for something.
	Duration = awslimits.Duration
	// Source is where a number comes from.
	Source = awslimits.Source
)

// Published returns the numbers that AWS publishes. The caller may change them and hand
// them over in Options.
func Published() Numbers { return awslimits.Published() }
