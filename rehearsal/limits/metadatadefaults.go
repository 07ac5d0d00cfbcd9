package limits

import (
	"encoding/xml"
	"sync"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// metadataDefaults implements the two calls by which an account sets and reads, in each region,
// the default metadata options of new EC2 instances. moto has neither call.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataDefaults.html
type metadataDefaults struct {
	w  *world
	mu sync.Mutex
	by map[string]metadataOptions // by account and region
}

// metadataOptions are the options in EC2's answers. An empty option means no preference.
type metadataOptions struct {
	HTTPTokens              string `xml:"httpTokens,omitempty"`
	HTTPPutResponseHopLimit string `xml:"httpPutResponseHopLimit,omitempty"`
	HTTPEndpoint            string `xml:"httpEndpoint,omitempty"`
	InstanceMetadataTags    string `xml:"instanceMetadataTags,omitempty"`
}

func newMetadataDefaults(w *world) *metadataDefaults {
	return &metadataDefaults{w: w, by: map[string]metadataOptions{}}
}

func (*metadataDefaults) Name() string { return "instance metadata defaults" }

func (r *metadataDefaults) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is("ec2", "ModifyInstanceMetadataDefaults", "GetInstanceMetadataDefaults") {
		return next(c)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := c.Caller.Account + " " + c.Region
	options := r.by[key]
	if c.Action == "GetInstanceMetadataDefaults" {
		return r.w.ReplyXML(struct {
			XMLName xml.Name        `xml:"GetInstanceMetadataDefaultsResponse"`
			Account metadataOptions `xml:"accountLevel"`
		}{Account: options})
	}
	for parameter, value := range map[string]*string{
		"HttpTokens": &options.HTTPTokens, "HttpPutResponseHopLimit": &options.HTTPPutResponseHopLimit,
		"HttpEndpoint": &options.HTTPEndpoint, "InstanceMetadataTags": &options.InstanceMetadataTags,
	} {
		switch set := c.Form.Get(parameter); set {
		case "":
		case "no-preference", "-1":
			*value = ""
		default:
			*value = set
		}
	}
	r.by[key] = options
	return r.w.ReplyXML(struct {
		XMLName xml.Name `xml:"ModifyInstanceMetadataDefaultsResponse"`
		Return  bool     `xml:"return"`
	}{Return: true})
}
