package proxy

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
)

// accountHeader names the account that moto acts for, whatever key signed the request.
// https://docs.getmoto.org/en/latest/docs/multi_account.html
const accountHeader = "X-Moto-Account-Id"

// anyRegion is the region of a rule's question to a service that is the same in all regions.
const anyRegion = "us-east-1"

// ask returns a call by which a rule asks the emulator a question. The call acts for the given
// account.
func (w *World) ask(account, region, service, contentType string, body []byte) *Call {
	c := &Call{
		Service: service,
		Region:  region,
		Method:  http.MethodPost,
		URL:     &url.URL{Path: "/"},
		Host:    w.target.Host,
		Body:    body,
		Header:  http.Header{},
	}
	c.Header.Set("Content-Type", contentType)
	c.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=proxy/20260101/"+region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	c.Header.Set(accountHeader, account)
	return c
}

// AskQuery asks the emulator's service with a query protocol on behalf of an account, and
// unmarshals the answer into out. An answer that isn't a success is an error. The question
// passes no rule. It goes on when ctx ends, as do the questions of AskQueryIn,
// AskJSON, AskJSONIn and Get.
func (w *World) AskQuery(ctx context.Context, account, service string, form url.Values, out any) error {
	return w.AskQueryIn(ctx, account, anyRegion, service, form, out)
}

// AskQueryIn is AskQuery for a service that differs between regions.
func (w *World) AskQueryIn(ctx context.Context, account, region, service string, form url.Values, out any) error {
	c := w.ask(account, region, service, "application/x-www-form-urlencoded; charset=utf-8", []byte(form.Encode()))
	a := w.Send(context.WithoutCancel(ctx), c)
	if !a.OK() {
		return fmt.Errorf("%s:%s in the emulator: status %d", service, form.Get("Action"), a.Status)
	}
	return xml.Unmarshal(a.Body, out)
}

// AskJSON is AskQuery for a service with a JSON protocol. Target is the X-Amz-Target header.
func (w *World) AskJSON(ctx context.Context, account, service, target string, in, out any) error {
	return w.AskJSONIn(ctx, account, anyRegion, service, target, in, out)
}

// AskJSONIn is AskJSON for a service that differs between regions.
func (w *World) AskJSONIn(ctx context.Context, account, region, service, target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	c := w.ask(account, region, service, "application/x-amz-json-1.1", body)
	c.Header.Set("X-Amz-Target", target)
	a := w.Send(context.WithoutCancel(ctx), c)
	if !a.OK() {
		return fmt.Errorf("%s in the emulator: status %d", target, a.Status)
	}
	return json.Unmarshal(a.Body, out)
}

// Get makes a GET request to the emulator's REST service on behalf of an account. Only the path
// and the query of from are used.
func (w *World) Get(ctx context.Context, account, service string, from url.URL) *Answer {
	c := w.ask(account, anyRegion, service, "application/xml", nil)
	c.Method, c.URL = http.MethodGet, &from
	return w.Send(context.WithoutCancel(ctx), c)
}
