package proxy

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
)

// accountHeader makes moto answer for an account, whatever the key.
// https://docs.getmoto.org/en/latest/docs/multi_account.html
const accountHeader = "X-Moto-Account-Id"

// anyRegion is where rules ask a service that is the same in all regions.
const anyRegion = "us-east-1"

// ask returns a call to another service for what a rule wants to know.
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

// AskQuery asks a service with a query protocol as an account, and reads the
// answer into out.
func (w *World) AskQuery(ctx context.Context, account, service string, form url.Values, out any) error {
	c := w.ask(account, anyRegion, service, "application/x-www-form-urlencoded; charset=utf-8", []byte(form.Encode()))
	a := w.Send(context.WithoutCancel(ctx), c)
	if !a.OK() {
		return fmt.Errorf("%s:%s in the emulator: status %d", service, form.Get("Action"), a.Status)
	}
	return xml.Unmarshal(a.Body, out)
}

// AskJSON asks a service with a JSON protocol as an account.
func (w *World) AskJSON(ctx context.Context, account, service, target string, in, out any) error {
	return w.AskJSONIn(ctx, account, anyRegion, service, target, in, out)
}

// AskJSONIn is AskJSON in a region, for a service that isn't the same in all.
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

// Get reads what a path of a REST service, with its query, has for an account.
func (w *World) Get(ctx context.Context, account, service string, from url.URL) *Answer {
	c := w.ask(account, anyRegion, service, "application/xml", nil)
	c.Method, c.URL = http.MethodGet, &from
	return w.Send(context.WithoutCancel(ctx), c)
}
