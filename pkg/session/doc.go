// Package session runs ResearchSessions: each becomes a Job of Claude Runner's shape in
// its tenant's namespace, and the Job's life becomes the session's status. Everything
// that is known stands in the objects, so that a restart loses nothing. The decision
// (plan) is pure; the controller around it holds a client.
package session
