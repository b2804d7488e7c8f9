/** The API's responses by name, from the types generated from its OpenAPI document. */
import type { components } from "./openapi";

type Schemas = components["schemas"];

export type About = Schemas["About"];
export type BatchPoint = Schemas["BatchPoint"];
export type Breakdown = Schemas["Breakdown"];
export type BreakdownValue = Schemas["BreakdownValue"];
export type Beat = Schemas["Beat"];
export type CheckResult = Schemas["CheckResult"];
export type Component = Schemas["Component"];
export type ComponentState = Component["state"];
export type CurrencyKpi = Schemas["CurrencyKpi"];
export type CurrencySeries = Schemas["CurrencySeries"];
export type EventBatch = Schemas["EventBatch"];
export type EventPage = Schemas["EventPage"];
export type EventStatus = Schemas["EventStatus"];
export type EventType = Schemas["EventType"];
export type Health = Schemas["Health"];
export type HealthSummary = Schemas["HealthSummary"];
export type Incident = Schemas["Incident"];
export type Kpi = Schemas["Kpi"];
export type KpiComparison = Schemas["KpiComparison"];
export type KpiReport = Schemas["KpiReport"];
export type Link = Schemas["Link"];
export type OperateAnswer = Schemas["OperateAnswer"];
export type OrderEvent = Schemas["Event"];
export type OrderJourney = Schemas["OrderJourney"];
export type Problem = Schemas["Problem"];
export type QueryHealth = Schemas["QueryHealth"];
export type RejectedPage = Schemas["RejectedPage"];
export type RejectedRecord = Schemas["RejectedRecord"];
export type RejectReason = Schemas["RejectReason"];
export type RejectReasonCount = Schemas["RejectReasonCount"];
export type ReplayCounts = Schemas["ReplayCounts"];
export type RunOutcome = Schemas["RunOutcome"];
export type FailedMessage = Schemas["FailedMessage"];
export type FailedMessages = Schemas["FailedMessages"];
export type SenderStatus = Schemas["SenderStatus"];
export type SourceList = Schemas["SourceList"];
export type SourceStatus = Schemas["SourceStatus"];
export type TriedEvent = Schemas["TriedEvent"];
export type TriedField = Schemas["TriedField"];
export type TryRequest = Schemas["TryRequest"];
export type TryResult = Schemas["TryResult"];
export type TimeRange = Schemas["TimeRange"];
export type TimeSeries = Schemas["TimeSeries"];
export type WindowBatch = Schemas["WindowBatch"];
export type KpiWindow = Schemas["Window"];

/** The freshness fields of every response with data. */
export type Freshness = Beat;
