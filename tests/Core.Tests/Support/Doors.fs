/// The public members that take embeddings, found by reflection, and calls of them.
module MetricLearning.Core.Tests.Support.Doors

open System
open System.Reflection
open TorchSharp
open MetricLearning
open MetricLearning.Core

let private embeddingNames = [ "query"; "reference"; "embeddings"; "x"; "y" ]

/// A parameter that is embeddings, or samples that are embedded.
let takesEmbeddings (parameter: ParameterInfo) : bool =
    (parameter.ParameterType = typeof<torch.Tensor>
     && List.contains (nonNull parameter.Name) embeddingNames)
    || parameter.ParameterType = typeof<Inputs>
    || parameter.ParameterType = typeof<TrainingData>

// Parts that train are gated by the trainer.
let private isPart (kind: Type) =
    typeof<MetricPart>.IsAssignableFrom kind
    || typeof<torch.nn.Module>.IsAssignableFrom kind
    || kind = typeof<BatchedDistance>
    || typeof<AnySampler>.IsAssignableFrom kind

/// Public methods of the library, outside of losses, miners and other parts, that take embeddings or samples to embed.
let all: MethodInfo list =
    [
        for kind in typeof<InferenceModel>.Assembly.GetExportedTypes() do
            if not (isPart kind || kind.IsAbstract && not kind.IsSealed) then
                for method in kind.GetMethods(BindingFlags.Public ||| BindingFlags.Instance ||| BindingFlags.Static) do
                    if
                        not (method.Name.StartsWith "op_")
                        && method.DeclaringType = kind
                        && Seq.exists takesEmbeddings (method.GetParameters())
                    then
                        method
    ]

/// Those of a class.
let ofType<'T> : MethodInfo list =
    all |> List.filter (fun method -> method.DeclaringType = typeof<'T>)

/// Calls a method with what a function gives for its parameters, where it gives something, and defaults. Raises what the method raises;
/// sequences are read to their end.
let call (target: obj | null) (method: MethodInfo) (given: ParameterInfo -> (obj | null) option) : unit =
    let arguments =
        method.GetParameters()
        |> Array.map (fun parameter ->
            match given parameter with
            | Some argument -> argument
            | None when parameter.HasDefaultValue -> parameter.DefaultValue
            | None when parameter.ParameterType.IsValueType -> Activator.CreateInstance parameter.ParameterType
            | None -> null)

    try
        match method.Invoke(target, arguments) with
        | :? Collections.IEnumerable as several ->
            for one in several do
                match one with
                | :? IDisposable as one -> one.Dispose()
                | _ -> ()
        | _ -> ()
    with :? TargetInvocationException as error ->
        Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(nonNull error.InnerException).Throw()
