namespace FlowPlatform.RabbitMQ.Amqp;

/// <summary>Constructors of AMQP 1.0's type system.</summary>
internal static class AmqpType
{
    public const byte Described = 0x00;
    public const byte Null = 0x40;
    public const byte True = 0x41;
    public const byte False = 0x42;
    public const byte UInt0 = 0x43;
    public const byte ULong0 = 0x44;
    public const byte List0 = 0x45;
    public const byte UByte = 0x50;
    public const byte Byte = 0x51;
    public const byte SmallUInt = 0x52;
    public const byte SmallULong = 0x53;
    public const byte SmallInt = 0x54;
    public const byte SmallLong = 0x55;
    public const byte Boolean = 0x56;
    public const byte Int = 0x71;
    public const byte UInt = 0x70;
    public const byte ULong = 0x80;
    public const byte Long = 0x81;
    public const byte Timestamp = 0x83;
    public const byte Uuid = 0x98;
    public const byte Binary8 = 0xa0;
    public const byte String8 = 0xa1;
    public const byte Symbol8 = 0xa3;
    public const byte Binary32 = 0xb0;
    public const byte String32 = 0xb1;
    public const byte Symbol32 = 0xb3;
    public const byte List8 = 0xc0;
    public const byte Map8 = 0xc1;
    public const byte List32 = 0xd0;
    public const byte Map32 = 0xd1;
}

/// <summary>Descriptors of a message's sections.</summary>
internal static class AmqpSection
{
    public const ulong Header = 0x70;
    public const ulong DeliveryAnnotations = 0x71;
    public const ulong MessageAnnotations = 0x72;
    public const ulong Properties = 0x73;
    public const ulong ApplicationProperties = 0x74;
    public const ulong Data = 0x75;
    public const ulong Sequence = 0x76;
    public const ulong Value = 0x77;
    public const ulong Footer = 0x78;
}

/// <summary>Names of the application properties (rule W1).</summary>
internal static class PropertyNames
{
    public const string Id = "cloudEvents:id";
    public const string Type = "cloudEvents:type";
    public const string Source = "cloudEvents:source";
    public const string Time = "cloudEvents:time";
    public const string SpecVersion = "cloudEvents:specversion";
    public const string TraceParent = "traceparent";
    public const string TraceState = "tracestate";
    public const string Producer = "flow-producer";
    public const string Sequence = "flow-sequence";
    public const string CorrelationId = "correlation-id";
    public const string CausationId = "causation-id";
}
