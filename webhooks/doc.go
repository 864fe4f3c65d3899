// Package webhooks is the transport of admission: AdmissionReview in, decision asked
// for, AdmissionReview out. It holds no opinion about a write.
//
// What is no proper review never reaches the decision and is answered with an HTTP
// error, which the API server's failurePolicy turns into a refusal. Nothing that goes
// wrong here can become an allow.
//
// It may import pkg/review, pkg/audit and the API types of admission; no client and no
// policy engine.
package webhooks
