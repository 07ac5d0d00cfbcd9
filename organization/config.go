package organization

// Recording is how often AWS Config records what has changed: RecordDaily, RecordContinuously, or empty for never.
// https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingMode.html
type Recording string

// What a file writes for it.
const (
	RecordDaily        Recording = "daily"
	RecordContinuously Recording = "continuous"
	recordNothing      Recording = "none"
)

// Frequency returns AWS's name for it.
func (r Recording) Frequency() string {
	if r == RecordContinuously {
		return "CONTINUOUS"
	}
	return "DAILY"
}

// ConfigName is the last part of the names of the bucket that AWS Config writes to, and of its key.
const ConfigName = "config"

// AggregatorName is the last part of the name of the aggregator that shows what AWS Config has recorded, and of its role.
const AggregatorName = "aggregator"

// RecorderName is the name of each recorder and of its delivery channel: AWS's own for the one that a region has.
// https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationRecorder.html
const RecorderName = "default"

// Recorded reports whether AWS Config records in every account.
func (o *Organization) Recorded() bool {
	return o.Security.Config != "" && o.Security.Config != recordNothing
}

// judged reports whether some account has standards of Security Hub.
func (o *Organization) judged() bool {
	if !o.hubbed() {
		return false
	}
	for _, unit := range o.Units {
		if len(unit.Standards) > 0 {
			return true
		}
	}
	return len(o.Security.SecurityHub.Standards) > 0
}

// checkConfig checks that AWS Config has a bucket to write to, and that accounts record before Security Hub judges them.
func (o *Organization) checkConfig(ps *Problems) {
	const key = prefix + "security.config"
	switch o.Security.Config {
	case "", recordNothing:
		return
	case RecordDaily, RecordContinuously:
	default:
		ps.Add(key, "write daily, continuous or none", "%q is not a way to record", o.Security.Config)
	}
	switch {
	case !o.Audited():
		ps.Add(key, "write "+prefix+"audit.account, or leave config out", "AWS Config writes to a bucket in the account of the archive, and there is none")
	case (o.judged() || o.conforms()) && o.HoldsArchive(o.Security.Account):
		ps.Add(prefix+"security.account", "write another member",
			"%s has the bucket that all accounts' recorders write to, so its stack comes before theirs; standards of Security Hub and conformance packs come after", o.Security.Account)
	}
}
