// Generated from core/kpis.py by `python -m core.schemas`; edit that instead.

/** The measures: money by currency, or counts. */
export const MEASURES = {
  "revenue": {
    "unit": "money",
    "good": "up"
  },
  "orders_created": {
    "unit": "count",
    "good": "up"
  },
  "payments_initiated": {
    "unit": "count",
    "good": "up"
  },
  "payment_success": {
    "unit": "count",
    "good": "up"
  },
  "payment_failed": {
    "unit": "count",
    "good": "down"
  },
  "orders_cancelled": {
    "unit": "count",
    "good": "down"
  },
  "order_value": {
    "unit": "money",
    "good": "up"
  },
  "payments_refunded": {
    "unit": "count",
    "good": "down"
  },
  "refunded": {
    "unit": "money",
    "good": "down"
  }
} as const;

/** The rates. */
export const RATES = {
  "success_rate": {
    "unit": "percentage",
    "kind": "percentage",
    "part": "payment_success",
    "whole": [
      "payment_success",
      "payment_failed"
    ],
    "good": "up"
  },
  "created_to_initiated_rate": {
    "unit": "percentage",
    "kind": "percentage",
    "part": "payments_initiated",
    "whole": [
      "orders_created"
    ],
    "good": "up"
  },
  "initiated_to_paid_rate": {
    "unit": "percentage",
    "kind": "percentage",
    "part": "payment_success",
    "whole": [
      "payments_initiated"
    ],
    "good": "up"
  },
  "created_to_paid_rate": {
    "unit": "percentage",
    "kind": "percentage",
    "part": "payment_success",
    "whole": [
      "orders_created"
    ],
    "good": "up"
  },
  "average_order_value": {
    "unit": "money",
    "kind": "average",
    "part": "order_value",
    "whole": [
      "orders_created"
    ],
    "good": "up"
  },
  "net_revenue": {
    "unit": "money",
    "kind": "difference",
    "part": "revenue",
    "whole": [
      "refunded"
    ],
    "good": "up"
  }
} as const;

/** The event types: state of the payment, outcome of the order, and the measures that count them. */
export const EVENTS = {
  "order_created": {
    "status": "pending",
    "outcome": "created",
    "counts": [
      "orders_created",
      "order_value"
    ]
  },
  "payment_initiated": {
    "status": "pending",
    "outcome": "initiated",
    "counts": [
      "payments_initiated"
    ]
  },
  "payment_success": {
    "status": "success",
    "outcome": "paid",
    "counts": [
      "revenue",
      "payment_success"
    ]
  },
  "payment_failed": {
    "status": "failed",
    "outcome": "failed",
    "counts": [
      "payment_failed"
    ]
  },
  "order_cancelled": {
    "status": "failed",
    "outcome": "cancelled",
    "counts": [
      "orders_cancelled"
    ]
  },
  "payment_refunded": {
    "status": "success",
    "outcome": "paid",
    "counts": [
      "payments_refunded",
      "refunded"
    ]
  }
} as const;

/** English words of the KPIs. */
export const KPI_WORDS = {
  "revenue": {
    "title": "Revenue",
    "text": "Sum of the amounts of successful payments."
  },
  "orders_created": {
    "title": "Orders",
    "text": "Number of orders created."
  },
  "payments_initiated": {
    "title": "Payments initiated",
    "text": "Number of payments initiated."
  },
  "payment_success": {
    "title": "Paid",
    "text": "Number of payments that succeeded."
  },
  "payment_failed": {
    "title": "Failed payments",
    "text": "Number of payments that failed."
  },
  "orders_cancelled": {
    "title": "Cancelled orders",
    "text": "Number of orders cancelled."
  },
  "order_value": {
    "title": "Order value",
    "text": "Sum of the amounts of orders created."
  },
  "payments_refunded": {
    "title": "Refunds",
    "text": "Number of refunds; several may follow one payment."
  },
  "refunded": {
    "title": "Refunded",
    "text": "Sum of the amounts given back."
  },
  "success_rate": {
    "title": "Success rate",
    "text": "Payments that succeeded as percent of those that succeeded or failed."
  },
  "created_to_initiated_rate": {
    "title": "Created to initiated",
    "text": "Payments initiated as percent of orders created."
  },
  "initiated_to_paid_rate": {
    "title": "Initiated to paid",
    "text": "Payments that succeeded as percent of payments initiated."
  },
  "created_to_paid_rate": {
    "title": "Created to paid",
    "text": "Payments that succeeded as percent of orders created."
  },
  "average_order_value": {
    "title": "Average order",
    "text": "Value of the created orders divided by their number."
  },
  "net_revenue": {
    "title": "Net revenue",
    "text": "Revenue minus what was given back."
  }
} as const;

/** English words of the events. */
export const EVENT_WORDS = {
  "order_created": "Order created",
  "payment_initiated": "Payment initiated",
  "payment_success": "Paid",
  "payment_failed": "Payment failed",
  "order_cancelled": "Order cancelled",
  "payment_refunded": "Refunded"
} as const;
