package doctor

import (
	"context"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/costs"
)

// costChecks look at what anomalies and cost allocation tags need, if the declaration has any.
func (x *examiner) costChecks() []*check {
	if x.org.Budgets.Anomalies == 0 && len(x.org.CostTags()) == 0 {
		return nil
	}
	return []*check{{topic: inAWS, name: "Cost Explorer", needs: []string{"credentials"}, run: x.costExplorer}}
}

// costExplorer finds out whether somebody has opened Cost Explorer, which no call does.
func (x *examiner) costExplorer(ctx context.Context) []Finding {
	found, err := costs.Find(ctx, x.cfg, nil)
	switch {
	case err != nil:
		return x.unanswered(err, "let the caller have ce:GetAnomalyMonitors and ce:ListCostAllocationTags", "whether somebody has opened it isn't known")
	case found.Off:
		return warning(awserror.OpenCostExplorer, "nobody has opened it in account %s: anomalies and cost allocation tags wait for that, and budgets don't", x.accountID)
	case found.MonitorARN == "":
		return ok("open in account %s; coldstart makes the monitor of services", x.accountID)
	}
	return ok("open in account %s, with a monitor of services, which coldstart uses", x.accountID)
}
