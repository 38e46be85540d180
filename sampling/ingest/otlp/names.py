"""Under which names the conventions keep what an item has a field for, the newest name first."""

MODEL = (
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.response.model_name",
    "llm.model_name",
    "llm.request.model_name",
    "ai.response.model",
    "ai.model.id",
)
INPUT_TOKENS = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "llm.usage.prompt_tokens",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
)
OUTPUT_TOKENS = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "llm.usage.completion_tokens",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
)
COST = ("gen_ai.usage.cost", "llm.cost.total", "operation.cost")
SESSION = (
    "gen_ai.conversation.id",
    "session.id",
    "traceloop.association.properties.session_id",
    "ai.telemetry.metadata.sessionId",
    "langfuse.session.id",
)
USER = (
    "user.id",
    "enduser.id",
    "traceloop.association.properties.user_id",
    "ai.telemetry.metadata.userId",
    "langfuse.user.id",
    "llm.user",
)
PROMPT_VERSION = ("gen_ai.prompt.version", "llm.prompt_template.version", "traceloop.prompt.version")
PROVIDER = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system")
SYSTEM, SYSTEM_VERSION = "service.name", "service.version"
ENVIRONMENT = ("deployment.environment.name", "deployment.environment")

# Attributes that fill fields, or repeat the messages: they are not metadata.
CONSUMED = frozenset(
    {
        *MODEL[:1],
        *INPUT_TOKENS,
        *OUTPUT_TOKENS,
        *COST,
        *SESSION,
        *USER,
        *PROMPT_VERSION,
        *PROVIDER,
        "ai.operationId",
        "ai.prompt",
        "ai.prompt.messages",
        "ai.prompt.tools",
        "ai.response.object",
        "ai.response.reasoning",
        "ai.response.text",
        "ai.response.toolCalls",
        "events",
        "error.type",
        "gen_ai.completion",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.prompt",
        "gen_ai.system_instructions",
        "gen_ai.tool.definitions",
        "input.mime_type",
        "input.value",
        "metadata",
        "openinference.span.kind",
        "output.mime_type",
        "output.value",
    }
)
CONSUMED_BELOW = (
    "gen_ai.completion.",
    *(f"gen_ai.prompt.{digit}" for digit in range(10)),  # and not gen_ai.prompt.name
    "llm.choices.",
    "llm.input_messages.",
    "llm.output_messages.",
    "llm.prompts.",
    "llm.request.functions.",
    "llm.tools.",
)
# What the senders' own code attached: its names stand in the metadata without these.
OWN = ("traceloop.association.properties.", "ai.telemetry.metadata.")
