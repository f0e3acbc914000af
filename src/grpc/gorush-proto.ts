/**
 * The text of gorush.proto: package, services, messages and field numbers of Gorush v1.22, so that its clients work as they are.
 * Martlet's own are `optional` on badge (the same bytes, but 0 can be told from absent) and field 1000. docs/gorush.proto is the
 * same text for those who generate a client.
 */
export const GORUSH_PROTO = `syntax = "proto3";

package proto;

import "google/protobuf/struct.proto";

option go_package = "./;proto";

// Takes a push: it is in the queue when Send answers.
service Gorush {
  rpc Send(NotificationRequest) returns (NotificationReply) {}
}

// SERVING as long as the process answers, like GET /healthz. Readiness is told by grpc.health.v1.Health.
service Health {
  rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
}

// One notification for any number of devices: an element of "notifications" of POST /api/push.
message NotificationRequest {
  enum Priority {
    NORMAL = 0;
    HIGH = 1;
  }

  repeated string tokens = 1;
  // 1 iOS, 2 Android, 3 Huawei.
  int32 platform = 2;
  string message = 3;
  string title = 4;
  // iOS: the bundle id. Android, Huawei: a topic to send to, besides the tokens.
  string topic = 5;
  // Not used.
  string key = 6;
  // 0 takes the badge away; absent leaves it.
  optional int32 badge = 7;
  string category = 8;
  Alert alert = 9;
  // The name of a sound.
  string sound = 10;
  bool contentAvailable = 11;
  string threadID = 12;
  bool mutableContent = 13;
  google.protobuf.Struct data = 14;
  string image = 15;
  // Absent is NORMAL, as in Gorush: APNs priority 5.
  Priority priority = 16;
  // Comes back in logs and feedback.
  string ID = 17;
  string pushType = 18;
  // True: APNs' sandbox. Else as ios.production says.
  bool development = 19;
  FCMOptions fcmOptions = 20;

  // Whatever else POST /api/push knows, by its JSON names: {"collapse_id": "x", "expiration": 0, "android": {...}}.
  // Fields above that are set go before it.
  google.protobuf.Struct extra = 1000;
}

// The alert of an iOS notification.
message Alert {
  string title = 1;
  string body = 2;
  string subtitle = 3;
  string action = 4;
  string actionLocKey = 5;
  string launchImage = 6;
  string locKey = 7;
  string titleLocKey = 8;
  repeated string locArgs = 9;
  repeated string titleLocArgs = 10;
}

message FCMOptions {
  string analyticsLabel = 1;
}

message NotificationReply {
  bool success = 1;
  // Device tokens of the request.
  int32 counts = 2;
}

message HealthCheckRequest {
  // Empty: the server as a whole, the only one that is known.
  string service = 1;
}

message HealthCheckResponse {
  enum ServingStatus {
    UNKNOWN = 0;
    SERVING = 1;
    NOT_SERVING = 2;
  }

  ServingStatus status = 1;
}
`;
