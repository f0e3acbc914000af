// Drives a relay with the client that oapi-codegen makes of docs/openapi.json. Prints what it saw as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"generated/martlet"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func text(value string) *string { return &value }

func main() {
	ctx := context.Background()
	client := must(martlet.NewClientWithResponses(os.Args[1]))

	var platform martlet.Notification_Platform
	must(0, platform.FromNotificationPlatform1("android"))
	tokens := []*string{text("a-good-token"), text("sandbox-unregistered-1")}
	request := martlet.PushRequest{Notifications: []martlet.Notification{
		{Platform: &platform, Tokens: &tokens, Title: text("Hello"), Message: text("from Go")},
	}}
	answer := must(client.PushWithResponse(ctx, nil, request)).JSON200
	dead := []string{}
	for _, entry := range answer.Logs {
		if entry.InvalidToken != nil && *entry.InvalidToken {
			dead = append(dead, entry.Token)
		}
	}

	status := ""
	for range 600 {
		status = string(must(client.ExplainWithResponse(ctx, answer.RequestId, nil)).JSON200.Pushes[0].Status)
		if status != "queued" && status != "retrying" {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}

	must(client.ReplaceUserWithResponse(ctx, "ada", nil, martlet.ReplaceUserJSONRequestBody{Name: text("Ada"), Timezone: text("Europe/Athens")}))
	person := must(client.ReadUserWithResponse(ctx, "ada", nil)).JSON200
	must(0, json.NewEncoder(os.Stdout).Encode(map[string]any{
		"counts": answer.Counts, "dead": dead, "status": status, "timezone": person.Timezone,
	}))
}
