package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is a line of what a daemon answers while it works.
// https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild
type message struct {
	ID       string          `json:"id"`
	Status   string          `json:"status"`
	Stream   string          `json:"stream"`
	Progress string          `json:"progress"`
	Aux      json.RawMessage `json:"aux"`
	Error    *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"errorDetail"`
}

// follow tells the engine what the daemon says, and returns the daemon's error.
func (p *provider) follow(ctx context.Context, urn string, body io.Reader) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var m message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return fmt.Errorf("encountered error unmarshalling: %w", err)
		}
		switch {
		case m.Error != nil && m.Error.Code == 401:
			return errors.New("authentication is required")
		case m.Error != nil && m.Error.Message == "EOF":
			return errors.New("EOF\n: This error is most likely due to incorrect or mismatched registry credentials. " +
				"Please double check you are using the correct credentials and registry name")
		case m.Error != nil:
			return errors.New(m.Error.Message)
		case m.ID == "moby.buildkit.trace":
			p.say(ctx, urn, strings.TrimSpace(traced(m.Aux)))
		default:
			p.say(ctx, urn, strings.TrimSpace(m.Stream+m.Status+" "+m.Progress))
		}
	}
	return lines.Err()
}

// The fields of BuildKit's messages: a StatusResponse has vertexes, statuses and logs.
// https://github.com/moby/buildkit/blob/master/api/services/control/control.proto
const (
	vertexesField, logsField                 = 1, 3
	vertexDigest, vertexName, vertexErrorMsg = 1, 3, 7
	logText                                  = 4
)

// traced returns what BuildKit reports, in lines.
func traced(aux json.RawMessage) string {
	var content []byte
	if err := json.Unmarshal(aux, &content); err != nil {
		return "failed to parse aux message: " + err.Error()
	}
	var lines strings.Builder
	eachField(content, func(field protowire.Number, value []byte) {
		switch field { //nolint:exhaustive // The rest says nothing to people.
		case vertexesField:
			vertex := map[protowire.Number]string{}
			eachField(value, func(field protowire.Number, value []byte) { vertex[field] = string(value) })
			fmt.Fprintf(&lines, "digest: %s\n%s\n", vertex[vertexDigest], vertex[vertexName])
			if e := vertex[vertexErrorMsg]; e != "" {
				fmt.Fprintf(&lines, "error: %s\n", e)
			}
		case logsField:
			eachField(value, func(field protowire.Number, value []byte) {
				if field == logText {
					fmt.Fprintf(&lines, "%s\n", value)
				}
			})
		}
	})
	return lines.String()
}

// eachField calls do for each field of a message that has a length.
func eachField(content []byte, do func(protowire.Number, []byte)) {
	for len(content) > 0 {
		field, kind, n := protowire.ConsumeTag(content)
		if n < 0 {
			return
		}
		content = content[n:]
		if kind == protowire.BytesType {
			if value, m := protowire.ConsumeBytes(content); m >= 0 {
				do(field, value)
			}
		}
		if n = protowire.ConsumeFieldValue(field, kind, content); n < 0 {
			return
		}
		content = content[n:]
	}
}
