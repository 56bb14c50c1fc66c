namespace MetricLearning.Parity

open System
open System.Linq.Expressions

/// Functions written here as whatever delegate type a parameter wants.
[<RequireQualifiedAccess>]
module Delegates =

    let private untyped = typeof<Func<obj[], obj>>

    // void for actions; otherwise the result is unboxed, null included.
    let private returning (result: Type) (call: Expression) : Expression =
        if result = typeof<Void> then
            Expression.Block(typeof<Void>, call)
        else
            Expression.Convert(call, result)

    /// `run` gets the arguments in a row; what it gives back must be what the delegate promises.
    let make (target: Type) (run: objnull[] -> objnull) : Delegate =
        let signature = nonNull (target.GetMethod "Invoke")

        let parameters =
            signature.GetParameters()
            |> Array.map (fun parameter -> Expression.Parameter parameter.ParameterType)

        let boxed =
            Expression.NewArrayInit(
                typeof<obj>,
                parameters
                |> Array.map (fun parameter -> Expression.Convert(parameter, typeof<obj>) :> Expression)
            )

        let body =
            Expression.Invoke(Expression.Constant(Func<objnull[], objnull>(run), untyped), boxed)

        Expression.Lambda(target, returning signature.ReturnType body, parameters).Compile()
