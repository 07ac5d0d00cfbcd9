package contract

import "github.com/coldstart-aws/coldstart/rehearsal/proxy"

// destination is where a detector of Amazon GuardDuty exports its findings to. Whether GuardDuty may write there another rule decides.
// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreatePublishingDestination.html
type destination struct {
	id         string
	properties properties
}

// properties are the bucket and the key that a detector exports by.
type properties struct {
	DestinationARN string `json:"destinationArn"`
	KMSKeyARN      string `json:"kmsKeyArn"`
}

// destined returns the properties that a request has; nil for none.
func (r *request) destined() *properties {
	var in struct{ DestinationProperties *properties }
	r.read(&in)
	return in.DestinationProperties
}

func (r *request) createDestination() (any, *proxy.Problem) {
	d, problem := r.own()
	if problem != nil {
		return nil, problem
	}
	if d.exports != nil {
		return nil, guardDutyProblem("a publishing destination already exists for the current account.")
	}
	d.exports = &destination{id: d.id[:31] + "f", properties: *r.destined()} // The contract asks for them.
	return map[string]any{"destinationId": d.exports.id}, nil
}

func (r *request) listDestinations() (any, *proxy.Problem) {
	d, problem := r.own()
	if problem != nil {
		return nil, problem
	}
	all := []map[string]any{}
	if d.exports != nil {
		all = append(all, map[string]any{"destinationId": d.exports.id, "destinationType": "S3", "status": "PUBLISHING"})
	}
	return map[string]any{"destinations": all}, nil
}

// exported returns the detector's destination that a request names.
func (r *request) exported() (*detector, *proxy.Problem) {
	d, problem := r.own()
	if problem == nil && (d.exports == nil || d.exports.id != r.text("DestinationId")) {
		problem = guardDutyProblem("one or more input parameters have invalid values.")
	}
	return d, problem
}

func (r *request) describeDestination() (any, *proxy.Problem) {
	d, problem := r.exported()
	if problem != nil {
		return nil, problem
	}
	return map[string]any{
		"destinationId": d.exports.id, "destinationType": "S3", "status": "PUBLISHING", "publishingFailureStartTimestamp": 0, "destinationProperties": d.exports.properties,
	}, nil
}

func (r *request) updateDestination() (any, *proxy.Problem) {
	d, problem := r.exported()
	if to := r.destined(); problem == nil && to != nil {
		d.exports.properties = *to
	}
	return struct{}{}, problem
}

func (r *request) deleteDestination() (any, *proxy.Problem) {
	d, problem := r.exported()
	if problem == nil {
		d.exports = nil
	}
	return struct{}{}, problem
}
