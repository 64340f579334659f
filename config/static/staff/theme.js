// The theme's helper for fragments would write a style of its own into each page; ours has none (docs/security.md).
htmx.config.includeIndicatorStyles = false;
